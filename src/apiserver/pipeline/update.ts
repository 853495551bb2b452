/** PUT and PATCH of an object or its status: read, change, check, write, and again when somebody else was faster. */
import { type ApiResponse, ApiStatusError, invalid, type ManagedFieldsEntry, validateUpdate } from '../../api/index.ts';
import { type AdmissionAttributes, admit, validateAdmission } from '../admission/admission.ts';
import { managedFieldsAfterUpdate } from '../apply/server-side-apply.ts';
import { deepEqual } from '../registry/deep-equal.ts';
import { prepareForUpdate } from '../registry/prepare.ts';
import { keyFor } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { StoreConflict, type StoredObject } from '../store/store.ts';
import { commitObject, commitRemoval, conflict, modifiedMessage, retryOnConflict } from './commit.ts';
import type { WriteCall } from './context.ts';
import { fromStored, toStored } from './conversion.ts';
import { createObject, nameMismatch } from './create.ts';
import { decodeBody } from './decode-body.ts';
import { isHeld } from './held.ts';

export async function update(call: WriteCall, name: string, body: unknown): Promise<ApiResponse> {
  const written = decodeBody(call, body);
  const given = written.metadata.name;
  if (given && given !== name) throw nameMismatch(given, name);
  const outcome = await changeObject(call, name, {
    change: async () => written,
    ...(call.resource.strategy.createsOnUpdate ? { whenMissing: () => named(written, name) } : {}),
    requiresResourceVersion: call.resource.strategy.requiresResourceVersion ?? false,
  });
  return { ...outcome, warnings: call.warnings };
}

function named(object: AnyObject, name: string): AnyObject {
  return object.metadata.name === name ? object : { ...object, metadata: { ...object.metadata, name } };
}

export interface ObjectChange {
  /** The object to write in place of the current one: complete, decoded and defaulted. */
  change(current: AnyObject): Promise<AnyObject>;
  /** The object to create when there is none; left out, that is NotFound. */
  whenMissing?(): AnyObject;
  readonly requiresResourceVersion?: boolean;
  /** The resourceVersion it returns is the current one unless the client gave one: nothing forbids to try again. */
  readonly isPatch?: boolean;
  /** The managers of the fields of what is about to be stored; left out, they follow from who changes what. */
  managedFields?(stored: AnyObject, current: AnyObject): readonly ManagedFieldsEntry[];
}

/**
 * Changes one object. A resourceVersion or uid in what `change` returns is a precondition. A write that changes
 * nothing is not done; a write that takes the last finalizer of a terminating object removes it.
 */
export async function changeObject(
  call: WriteCall,
  name: string,
  objectChange: ObjectChange,
): Promise<{ readonly object: AnyObject; readonly created: boolean }> {
  const { server, resource } = call;
  const { requiresResourceVersion, isPatch } = objectChange;
  const key = keyFor(resource, call.namespace, name);
  return await retryOnConflict(async () => {
    const stored = await server.store.get(key);
    if (!stored) {
      if (!objectChange.whenMissing) throw ApiStatusError.notFound(resource.type, name);
      return { object: await createObject(call, objectChange.whenMissing()), created: true };
    }
    const current = fromStored(resource, stored.object);
    const written = await objectChange.change(current);
    const conditional = checkPreconditions(call, name, { written, current, requiresResourceVersion });
    try {
      return { object: await writeChange(call, { stored, current, written, objectChange }), created: false };
    } catch (thrown) {
      if (thrown instanceof StoreConflict && conditional && !isPatch) throw conflict(resource, name, modifiedMessage);
      throw thrown;
    }
  });
}

/** Whether the write names the state that it replaces. */
function checkPreconditions(
  call: WriteCall,
  name: string,
  given: { written: AnyObject; current: AnyObject; requiresResourceVersion: boolean | undefined },
): boolean {
  const { written, current, requiresResourceVersion } = given;
  const { resource } = call;
  const { uid, resourceVersion } = written.metadata;
  if (uid && uid !== current.metadata.uid) {
    const key = `/registry/${keyFor(resource, call.namespace, name)}`;
    const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(
      resource,
      name,
      `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`,
    );
  }
  if (resourceVersion && resourceVersion !== '0') {
    if (resourceVersion !== current.metadata.resourceVersion) throw conflict(resource, name, modifiedMessage);
    return true;
  }
  if (requiresResourceVersion) {
    const message = 'Invalid value: 0x0: must be specified for an update';
    throw invalid(resource.type, name, [{ kind: 'Invalid', field: 'metadata.resourceVersion', message }]);
  }
  return false;
}

interface PreparedChange {
  readonly stored: StoredObject;
  readonly current: AnyObject;
  readonly written: AnyObject;
  readonly objectChange: ObjectChange;
}

async function writeChange(call: WriteCall, change: PreparedChange): Promise<AnyObject> {
  const { stored, current, written, objectChange } = change;
  const { server, resource, subresource } = call;
  const { name } = current.metadata;
  const plugins = server.admission.for('update', resource, subresource);
  const attributes = updateAttributes(call, current, written);
  // Admission sees what will be stored, not what a client made of the fields it cannot write.
  const prepared = prepareForUpdate(resource, written, current, subresource, call.context);
  let object = prepared;
  if (plugins.length > 0) {
    object = await admit(plugins, { ...attributes, object: prepared });
    if (object !== prepared) object = prepareForUpdate(resource, object, current, subresource, call.context);
  }
  const errors = validateUpdate(resource.type, object, current, subresource);
  if (errors.length > 0) throw invalid(resource.type, name, errors);
  await validateAdmission(plugins, { ...attributes, object });
  object = withManagers(call, object, current, objectChange);
  if (deepEqual(object, current) && !isRemovable(call, object)) return current;
  if (call.options.dryRun) return object;
  const { key, revision: expectedRevision } = stored;
  if (isRemovable(call, object)) {
    return fromStored(resource, await commitRemoval(server, { key, expectedRevision, last: stored.object }));
  }
  const write = { key, expectedRevision, object: toStored(resource, object) };
  return fromStored(resource, await commitObject(server, write));
}

/** Keeps metadata.managedFields, on objects that have been applied. On others nobody asks, and it would cost. */
function withManagers(call: WriteCall, object: AnyObject, current: AnyObject, change: ObjectChange): AnyObject {
  const { type } = call.resource;
  const { subresource, options, context } = call;
  const existing = current.metadata.managedFields;
  if (!change.managedFields && !existing) return withManagedFields(object, undefined);
  const manager = options.fieldManager ?? 'unknown';
  const managedFields =
    change.managedFields?.(object, current) ??
    managedFieldsAfterUpdate({ type, previous: current, object, manager, subresource, now: context.now });
  return withManagedFields(object, managedFields);
}

export function withManagedFields(
  object: AnyObject,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): AnyObject {
  if (object.metadata.managedFields === managedFields) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields?.length ? { ...metadata, managedFields } : metadata };
}

function updateAttributes(call: WriteCall, previous: AnyObject, object: AnyObject): AdmissionAttributes {
  return {
    verb: 'update',
    resource: call.resource,
    subresource: call.subresource,
    namespace: call.namespace,
    name: previous.metadata.name,
    object,
    previous,
    identity: call.identity,
    dryRun: call.options.dryRun ?? false,
  };
}

/** Whether nothing holds a terminating object any more: writing it means removing it. */
function isRemovable(call: WriteCall, object: AnyObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  return deletionTimestamp !== undefined && !deletionGracePeriodSeconds && !isHeld(call.resource, object);
}
