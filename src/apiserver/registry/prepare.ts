/** What the server fills in, keeps or drops of an object before it is validated and stored. */
import type { ObjectMeta } from '../../api/index.ts';
import { deepEqual } from './deep-equal.ts';
import type { RegisteredResource } from './registry.ts';
import type { AnyObject, StrategyContext } from './strategy.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function hasStatus(resource: RegisteredResource): boolean {
  return resource.type.subresources.includes('status');
}

/** The object with another status; without the field when there is none. */
export function withStatus(object: AnyObject, status: unknown): AnyObject {
  if (object.status === status) return object;
  if (status !== undefined) return { ...object, status };
  const { status: _, ...rest } = object;
  return rest;
}

export interface CreateTarget {
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Upstream: registry/rest/create.go BeforeCreate, meta.go FillObjectMetaSystemFields. */
export function prepareForCreate(
  resource: RegisteredResource,
  draft: AnyObject,
  target: CreateTarget,
  context: StrategyContext,
): AnyObject {
  const { strategy } = resource;
  const metadata: Partial<Writable<ObjectMeta>> = { ...draft.metadata };
  for (const field of serverFields) delete metadata[field];
  metadata.name = target.name;
  if (resource.type.namespaced && target.namespace) metadata.namespace = target.namespace;
  metadata.uid = context.random.uuid();
  metadata.creationTimestamp = context.now;
  if (strategy.generation === 'always') metadata.generation = 1;
  let object: AnyObject = { ...draft, metadata: metadata as ObjectMeta };
  if (strategy.initialStatus) object = withStatus(object, strategy.initialStatus(object, context));
  else if (hasStatus(resource)) object = withStatus(object, undefined);
  return strategy.prepareForCreate?.(object, context) ?? object;
}

/** Metadata that clients cannot set on a new object. */
const serverFields = [
  'namespace',
  'resourceVersion',
  'selfLink',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
] as const satisfies readonly (keyof ObjectMeta)[];

/** Metadata that stays as it was, whatever a client sends. */
const keptFields = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const satisfies readonly (keyof ObjectMeta)[];

function keepFields(metadata: ObjectMeta, previous: ObjectMeta, fields: readonly (keyof ObjectMeta)[]): ObjectMeta {
  let changed: Record<string, unknown> | undefined;
  for (const field of fields) {
    if (metadata[field] === previous[field]) continue;
    changed ??= { ...metadata };
    if (previous[field] === undefined) delete changed[field];
    else changed[field] = previous[field];
  }
  if ('selfLink' in metadata) {
    changed ??= { ...metadata };
    delete changed.selfLink;
  }
  return (changed ?? metadata) as ObjectMeta;
}

const keptByStatus: readonly (keyof ObjectMeta)[] = [...keptFields, 'finalizers', 'ownerReferences'];
const keptByStatusWithLabels: readonly (keyof ObjectMeta)[] = [...keptByStatus, 'labels', 'annotations'];

/**
 * The object that a write means, given what is stored. Through /status only the status (and labels and annotations)
 * change; otherwise everything but the status.
 */
export function prepareForUpdate(
  resource: RegisteredResource,
  written: AnyObject,
  previous: AnyObject,
  subresource: string | undefined,
  context: StrategyContext,
): AnyObject {
  const { strategy } = resource;
  if (subresource === 'status') {
    const kept = strategy.statusKeepsMetadata ? keptByStatusWithLabels : keptByStatus;
    const metadata = keepFields(written.metadata, previous.metadata, kept);
    const object = withStatus({ ...previous, metadata }, written.status);
    return strategy.prepareForStatusUpdate?.(object, previous, context) ?? object;
  }
  const metadata = keepFields(written.metadata, previous.metadata, keptFields);
  let object: AnyObject = metadata === written.metadata ? written : { ...written, metadata };
  if (hasStatus(resource)) object = withStatus(object, previous.status);
  object = strategy.prepareForUpdate?.(object, previous, context) ?? object;
  return bumpGeneration(resource, object, previous);
}

/** A change of anything but metadata and status is a new generation. */
function bumpGeneration(resource: RegisteredResource, object: AnyObject, previous: AnyObject): AnyObject {
  if (!resource.strategy.generation || sameDesire(object, previous)) return object;
  return { ...object, metadata: { ...object.metadata, generation: (previous.metadata.generation ?? 0) + 1 } };
}

function sameDesire(object: AnyObject, previous: AnyObject): boolean {
  const { metadata: _m, status: _s, ...left } = object;
  const { metadata: _n, status: _t, ...right } = previous;
  return deepEqual(left, right);
}
