/**
 * PUT /finalize: the namespace controller says that the content is gone. The namespace goes with its last finalizer,
 * and only while it is empty: an object whose creation was admitted before deletion began must not outlive it.
 */
import { ApiStatusError, decode, type Namespace } from '../../api/index.ts';
import { commitObject, commitRemoval, conflict, modifiedMessage, retryOnConflict } from '../pipeline/commit.ts';
import type { ServerContext, SubresourceHandler, WriteCall } from '../pipeline/context.ts';
import { isHeld } from '../pipeline/held.ts';
import { keyFor, prefixFor } from '../registry/registry.ts';

export const namespaceFinalizeHandler: SubresourceHandler = {
  kind: { group: '', version: 'v1', kind: 'Namespace' },
  async update(call, name, body) {
    const given = decode(call.resource.type, body).object as Namespace;
    return { object: await retryOnConflict(() => finalize(call, name, given)) };
  },
};

async function finalize(call: WriteCall, name: string, given: Namespace): Promise<Namespace> {
  const { server, resource } = call;
  const key = keyFor(resource, undefined, name);
  const stored = await server.store.get(key);
  if (!stored) throw ApiStatusError.notFound(resource.type, name);
  const current = stored.object as Namespace;
  const { resourceVersion, uid } = given.metadata;
  const isOld = resourceVersion && resourceVersion !== current.metadata.resourceVersion;
  if (isOld || (uid && uid !== current.metadata.uid)) throw conflict(resource, name, modifiedMessage);
  const finalizers = given.spec?.finalizers ?? [];
  const { finalizers: _, ...spec } = current.spec ?? {};
  const object: Namespace = { ...current, spec: finalizers.length > 0 ? { ...spec, finalizers } : spec };
  const { revision: expectedRevision } = stored;
  if (current.metadata.deletionTimestamp === undefined || isHeld(resource, object)) {
    return (await commitObject(server, { key, expectedRevision, object })) as Namespace;
  }
  // The store commits in order: once this write is through, so is every creation that was let in before deletion began.
  const barrier = (await commitObject(server, { key, expectedRevision, object: current })) as Namespace;
  const left = await findContent(server, name);
  if (left) throw conflict(resource, name, `the namespace is not empty: ${left} is still there`);
  const barrierRevision = Number(barrier.metadata.resourceVersion);
  return (await commitRemoval(server, { key, expectedRevision: barrierRevision, last: barrier })) as Namespace;
}

/** The key of some object of the namespace. */
async function findContent(server: ServerContext, namespace: string): Promise<string | undefined> {
  for (const resource of server.registry.all()) {
    if (!resource.type.namespaced || resource.virtual) continue;
    const { items } = await server.store.list(prefixFor(resource, namespace));
    if (items[0]) return items[0].key;
  }
  return undefined;
}
