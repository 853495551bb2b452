/**
 * DELETE: removes an object, or begins its deletion when a grace period or finalizers hold it.
 * Upstream: registry/rest/delete.go BeforeDelete, registry/generic/registry/store.go Delete.
 */
import { type ApiResponse, ApiStatusError, type DeleteOptions, invalid } from '../../api/index.ts';
import { type AdmissionAttributes, validateAdmission } from '../admission/admission.ts';
import { keyFor } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { commitObject, commitRemoval, conflict, retryOnConflict } from './commit.ts';
import type { WriteCall } from './context.ts';
import { fromStored, toStored } from './conversion.ts';
import { isHeld } from './held.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
const propagationPolicies = ['Orphan', 'Background', 'Foreground'];

export async function remove(call: WriteCall, name: string, options: DeleteOptions): Promise<ApiResponse> {
  const { object, removed } = await deleteObject(call, name, options);
  if (!removed || call.resource.strategy.returnsDeletedObject) return { object, warnings: call.warnings };
  return { object: deletedStatus(call, object), warnings: call.warnings };
}

function deletedStatus(call: WriteCall, object: AnyObject): unknown {
  const { group, plural } = call.resource.type;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: object.metadata.name, ...(group ? { group } : {}), kind: plural, uid: object.metadata.uid },
  };
}

/** What the object became: its last state when it was removed, else the terminating object. */
export async function deleteObject(
  call: WriteCall,
  name: string,
  options: DeleteOptions,
): Promise<{ readonly object: AnyObject; readonly removed: boolean }> {
  const { server, resource } = call;
  checkOptions(options);
  const key = keyFor(resource, call.namespace, name);
  return await retryOnConflict(async () => {
    const stored = await server.store.get(key);
    if (!stored) throw ApiStatusError.notFound(resource.type, name);
    const current = fromStored(resource, stored.object);
    checkPreconditions(call, name, options, current);
    const plugins = server.admission.for('delete', resource, undefined);
    await validateAdmission(plugins, deleteAttributes(call, name, current));
    const object = terminating(call, current, options);
    const pending = object.metadata.deletionGracePeriodSeconds ? true : isHeld(resource, object);
    if (pending && object === current) return { object: current, removed: false };
    if (call.options.dryRun || options.dryRun?.includes('All')) return { object, removed: !pending };
    const { revision: expectedRevision } = stored;
    if (!pending) {
      const last = await commitRemoval(server, { key, expectedRevision, last: stored.object });
      return { object: fromStored(resource, last), removed: true };
    }
    const change = { key, expectedRevision, object: toStored(resource, object) };
    return { object: fromStored(resource, await commitObject(server, change)), removed: false };
  });
}

function checkOptions({ propagationPolicy, orphanDependents }: DeleteOptions): void {
  const refuse = (field: string, message: string) =>
    invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [{ kind: 'Invalid', field, message }]);
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    throw refuse('propagationPolicy', 'Invalid value: orphanDependents and deletionPropagation cannot be both set');
  }
  if (propagationPolicy !== undefined && !propagationPolicies.includes(propagationPolicy)) {
    const shown = JSON.stringify(propagationPolicy);
    const supported = '"Background", "Foreground", "Orphan"';
    throw refuse('propagationPolicy', `Unsupported value: ${shown}: supported values: ${supported}`);
  }
}

function checkPreconditions(call: WriteCall, name: string, { preconditions }: DeleteOptions, current: AnyObject): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== current.metadata.uid) {
    const detail = `the UID in the precondition (${uid}) does not match the UID in record (${current.metadata.uid}). The object might have been deleted and then recreated`;
    throw conflict(call.resource, name, detail);
  }
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
    const detail = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current.metadata.resourceVersion}). The object might have been modified`;
    throw conflict(call.resource, name, detail);
  }
}

function deleteAttributes(call: WriteCall, name: string, previous: AnyObject): AdmissionAttributes {
  const { resource, namespace, identity } = call;
  const dryRun = call.options.dryRun ?? false;
  return {
    verb: 'delete',
    resource,
    subresource: undefined,
    namespace,
    name,
    object: undefined,
    previous,
    identity,
    dryRun,
  };
}

/** The object with its deletion begun, or the object itself when nothing more can be done for it. */
function terminating(call: WriteCall, current: AnyObject, options: DeleteOptions): AnyObject {
  const { strategy } = call.resource;
  const finalizers = finalizersFor(current, options);
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  let object = current;
  if (finalizers !== current.metadata.finalizers) {
    object = { ...current, metadata: { ...current.metadata, finalizers } };
  }
  if (deletionTimestamp !== undefined) {
    return deletionGracePeriodSeconds ? shortenGrace(object, options.gracePeriodSeconds) : object;
  }
  const graceSeconds = strategy.gracePeriodSeconds?.(current, options.gracePeriodSeconds) ?? 0;
  const { generation } = current.metadata;
  const marked: AnyObject = {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: secondsLater(call.context.now, graceSeconds),
      deletionGracePeriodSeconds: graceSeconds,
      ...(generation ? { generation: generation + 1 } : {}),
    },
  };
  return strategy.prepareForDelete?.(marked, call.context) ?? marked;
}

/** A running grace period can only become shorter. */
function shortenGrace(object: AnyObject, requestedSeconds: number | undefined): AnyObject {
  const { deletionTimestamp = '', deletionGracePeriodSeconds: graceSeconds = 0 } = object.metadata;
  if (requestedSeconds === undefined || requestedSeconds >= graceSeconds) return object;
  const seconds = Math.max(0, requestedSeconds);
  const metadata = {
    ...object.metadata,
    deletionTimestamp: secondsLater(deletionTimestamp, seconds - graceSeconds),
    deletionGracePeriodSeconds: seconds,
  };
  return { ...object, metadata };
}

function secondsLater(time: string, seconds: number): string {
  return `${new Date(Date.parse(time) + seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** The finalizers with those of the propagation policy: how the garbage collector learns what to do with dependents. */
function finalizersFor(current: AnyObject, options: DeleteOptions): readonly string[] {
  const { propagationPolicy, orphanDependents } = options;
  const existing = current.metadata.finalizers ?? [];
  const policy = propagationPolicy ?? (orphanDependents === undefined ? undefined : legacyPolicy(orphanDependents));
  if (policy === undefined) return current.metadata.finalizers as readonly string[];
  const wanted = policy === 'Orphan' ? orphanFinalizer : policy === 'Foreground' ? foregroundFinalizer : undefined;
  const others = existing.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  const kept = wanted === undefined ? others : [...others, wanted];
  const same = kept.length === existing.length && kept.every((finalizer) => existing.includes(finalizer));
  // Once deletion has begun, finalizers may only go.
  const tooLate = current.metadata.deletionTimestamp !== undefined && kept.length > existing.length;
  return same || tooLate ? (current.metadata.finalizers as readonly string[]) : kept;
}

function legacyPolicy(orphanDependents: boolean): string {
  return orphanDependents ? 'Orphan' : 'Background';
}
