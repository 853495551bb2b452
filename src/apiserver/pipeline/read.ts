/** GET of one object and of lists, with paging over one snapshot. */
import { ApiStatusError, type ListOptions, type ObjectList } from '../../api/index.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import { keyFor } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { StoreCompacted, type StoredObject, type StoreList } from '../store/store.ts';
import type { ServerContext } from './context.ts';
import { continueToken, readContinueToken } from './continue-token.ts';
import { fromStored } from './conversion.ts';
import { checkListOptions, revisionOf, tooLarge } from './revision.ts';
import { type Selection, selectionOf } from './selection.ts';

export async function getObject(
  server: ServerContext,
  resource: RegisteredResource,
  target: { readonly namespace: string | undefined; readonly name: string },
): Promise<AnyObject> {
  const { namespace, name } = target;
  const stored = name.includes('/') ? undefined : await server.store.get(keyFor(resource, namespace, name));
  if (!stored) throw ApiStatusError.notFound(resource.type, name);
  return fromStored(resource, stored.object);
}

const expiredMessage =
  'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.';

export async function listObjects(
  server: ServerContext,
  resource: RegisteredResource,
  options: ListOptions,
): Promise<ObjectList<AnyObject>> {
  checkListOptions(options);
  const selection = selectionOf(resource, options.namespace, options);
  const position = options.continue
    ? readContinueToken(server.continueKey, options.continue, selection.prefix)
    : undefined;
  const snapshot = await snapshotOf(server, selection, position?.revision ?? exactRevision(server, options));
  const start = position ? firstAfter(snapshot.items, position.after) : 0;
  return page(server, { selection, snapshot, start, limit: options.limit || Number.POSITIVE_INFINITY });
}

/** The revision that must be shown, or undefined when the newest will do. */
function exactRevision(server: ServerContext, options: ListOptions): number | undefined {
  const revision = revisionOf(options.resourceVersion);
  if (revision === undefined || revision === 0) return undefined;
  if (revision > server.store.revision) throw tooLarge(revision, server.store.revision);
  const exact = options.resourceVersionMatch === 'Exact';
  // Upstream answers a paged list that names a revision from exactly that revision.
  const legacyExact = options.resourceVersionMatch === undefined && options.limit !== undefined && options.limit > 0;
  return exact || legacyExact ? revision : undefined;
}

async function snapshotOf(
  server: ServerContext,
  selection: Selection,
  revision: number | undefined,
): Promise<StoreList> {
  try {
    return await server.store.list(selection.prefix, revision);
  } catch (thrown) {
    if (!(thrown instanceof StoreCompacted)) throw thrown;
    throw ApiStatusError.of('Expired', expiredMessage, undefined, { cause: thrown });
  }
}

/** The index of the first item whose key comes after the given one. */
function firstAfter(items: readonly StoredObject[], after: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item && item.key <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function page(
  server: ServerContext,
  from: { selection: Selection; snapshot: StoreList; start: number; limit: number },
): ObjectList<AnyObject> {
  const { selection, snapshot, start, limit } = from;
  const { resource, matches, prefix } = selection;
  const items: AnyObject[] = [];
  let index = start;
  let last = '';
  for (; index < snapshot.items.length && items.length < limit; index++) {
    const stored = snapshot.items[index];
    // A prefix that is one object's key is also the prefix of longer names.
    if (!stored || (!prefix.endsWith('/') && stored.key !== prefix)) continue;
    const object = fromStored(resource, stored.object);
    last = stored.key;
    if (!matches || matches(object)) items.push(object);
  }
  const resourceVersion = String(snapshot.revision);
  if (index >= snapshot.items.length) return { items, resourceVersion };
  const token = continueToken(server.continueKey, { prefix, after: last, revision: snapshot.revision });
  const remaining = snapshot.items.length - index;
  // Behind a selector nobody knows how many remain without looking at them all.
  return { items, resourceVersion, continue: token, ...(matches ? {} : { remainingItemCount: remaining }) };
}
