/**
 * Server-side apply: a manager states the fields it wants, and the server keeps who wants what. Fields are tracked from
 * an object's first apply on; what was there before belongs to `before-first-apply`.
 * Upstream: structured-merge-diff merge/update.go, apimachinery managedfields.
 */
import { ApiStatusError, apiVersionOf, type ManagedFieldsEntry, type ResourceType } from '../../api/index.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { compareFields, fieldsOf } from './compare.ts';
import { conflictError } from './conflict.ts';
import { type FieldSet, nothing } from './field-set.ts';
import { rootSlot, type Slot } from './granularity.ts';
import { entriesOf, isManager, type Manager, type ManagerKey, managersOf } from './managed-fields.ts';
import { mergeApplied, removeFields } from './merge.ts';

export const firstApplyManager = 'before-first-apply';

export interface ApplyRequest {
  readonly type: ResourceType;
  /** Undefined when the object is to be created. */
  readonly live: AnyObject | undefined;
  /** Decoded, not defaulted. */
  readonly applied: AnyObject;
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly force: boolean;
  readonly now: string;
}

export interface Applied {
  readonly object: AnyObject;
  readonly managers: readonly Manager[];
}

/** What is never managed: the server's own fields, and the names by which the object is found. */
const unmanagedMetadata = [
  'name',
  'namespace',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
];

/** The fields of an object that a write through the subresource can manage. */
function manageable(object: AnyObject, subresource: string | undefined, hasStatus: boolean): object {
  const { apiVersion: _a, kind: _k, metadata, ...content } = object;
  const kept = Object.entries(metadata).filter(([name]) => !unmanagedMetadata.includes(name));
  const managed = kept.length > 0 ? { metadata: Object.fromEntries(kept) } : {};
  if (subresource === 'status') return { ...managed, ...('status' in content ? { status: content.status } : {}) };
  if (!hasStatus) return { ...managed, ...content };
  const { status: _s, ...rest } = content as { status?: unknown };
  return { ...managed, ...rest };
}

function managedFieldsOf(object: object, slot: Slot): FieldSet {
  return Object.keys(object).length === 0 ? nothing : fieldsOf(object, slot);
}

/** Applies a configuration. Throws a Conflict when it changes what others manage, unless forced. */
export function applyConfiguration(request: ApplyRequest): Applied {
  const { type, live, applied, subresource } = request;
  const slot = rootSlot(type);
  const hasStatus = type.subresources.includes('status');
  const wanted = manageable(applied, subresource, hasStatus);
  const fields = managedFieldsOf(wanted, slot);
  const key: ManagerKey = { name: request.manager, operation: 'Apply', subresource };
  if (!live) return { object: applied, managers: [newManager(request, fields)] };
  const before = liveManagers(request, live, slot);
  const merged = mergeApplied(live, wanted, slot) as AnyObject;
  const { changed } = compareFields(live, merged, slot);
  const others = before.filter((manager) => !isManager(manager, key));
  const conflicts = others.map((manager) => ({ manager, fields: manager.fields.intersection(changed) }));
  const disputed = conflicts.filter((conflict) => !conflict.fields.isEmpty);
  if (disputed.length > 0 && !request.force) throw conflictError(disputed);
  const last = before.find((manager) => isManager(manager, key));
  const kept = others.reduce((all, manager) => all.union(manager.fields), fields);
  const removed = (last?.fields ?? nothing).difference(kept);
  const object = removeFields(merged, slot, { removed, kept }) as AnyObject;
  const left = others.map((manager) => ({ ...manager, fields: manager.fields.difference(changed) }));
  const isSame = last?.fields.equals(fields) ?? false;
  const mine = isSame && last && changed.isEmpty ? last : newManager(request, fields);
  return { object, managers: [...left, mine] };
}

function newManager({ type, manager, subresource, now }: ApplyRequest, fields: FieldSet): Manager {
  return { name: manager, operation: 'Apply', subresource, apiVersion: apiVersionOf(type), time: now, fields };
}

function liveManagers({ type, subresource }: ApplyRequest, live: AnyObject, slot: Slot): readonly Manager[] {
  const managers = managersOf(live.metadata.managedFields);
  if (managers.length > 0) return managers;
  const hasStatus = type.subresources.includes('status');
  const fields = managedFieldsOf(manageable(live, subresource, hasStatus), slot);
  const first: Manager = {
    name: firstApplyManager,
    operation: 'Update',
    subresource: undefined,
    apiVersion: apiVersionOf(type),
    time: live.metadata.creationTimestamp,
    fields,
  };
  return [first];
}

/** The managers after an apply, given the object as it will be stored: fields that are gone are nobody's. */
export function managedFieldsAfterApply(
  type: ResourceType,
  { managers, live, stored }: { managers: readonly Manager[]; live: AnyObject | undefined; stored: AnyObject },
): readonly ManagedFieldsEntry[] {
  if (!live) return entriesOf(managers);
  const { removed } = compareFields(live, stored, rootSlot(type));
  return entriesOf(
    managers.map((manager) => ({ ...manager, fields: manager.fields.differenceWithDescendants(removed) })),
  );
}

export interface UpdateTracking {
  readonly type: ResourceType;
  readonly previous: AnyObject;
  readonly object: AnyObject;
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly now: string;
}

/** The managers after an update of an object that has been applied: who changed a field manages it from then on. */
export function managedFieldsAfterUpdate(given: UpdateTracking): readonly ManagedFieldsEntry[] {
  const { type, previous, object, subresource, now } = given;
  const existing = previous.metadata.managedFields ?? [];
  const slot = rootSlot(type);
  const hasStatus = type.subresources.includes('status');
  const { changed, removed } = compareFields(
    manageable(previous, subresource, hasStatus),
    manageable(object, subresource, hasStatus),
    slot,
  );
  if (changed.isEmpty && removed.isEmpty) return existing;
  const key: ManagerKey = { name: given.manager, operation: 'Update', subresource };
  const managers = managersOf(existing);
  const own = managers.find((manager) => isManager(manager, key));
  const others = managers
    .filter((manager) => manager !== own)
    .map((manager) => ({ ...manager, fields: manager.fields.difference(changed).differenceWithDescendants(removed) }));
  const fields = (own?.fields ?? nothing).union(changed).differenceWithDescendants(removed);
  const mine: Manager = { ...key, apiVersion: apiVersionOf(type), time: now, fields };
  return entriesOf([...others, mine]);
}

/** Throws BadRequest for a configuration that cannot be applied. */
export function checkConfiguration(applied: AnyObject, manager: string | undefined): asserts manager is string {
  if (!manager) {
    const message = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch';
    throw ApiStatusError.of('Invalid', message);
  }
  if (applied.metadata.managedFields) throw ApiStatusError.of('BadRequest', 'metadata.managedFields must be nil');
}
