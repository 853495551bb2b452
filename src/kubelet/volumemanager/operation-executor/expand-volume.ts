/**
 * The node's part of growing a volume, and the claim's status that tells of it.
 *
 * Upstream: volume/util/operationexecutor/node_expander.go.
 */
import {
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  quantityOfBytes,
  quantityValue,
} from '../../../api/index.ts';
import { messageOf } from '../../../base/index.ts';
import {
  type ResizeStatus,
  resizeStatusOf,
  withFinishedResize,
  withResizeCondition,
  withResizeStatus,
} from '../../../component-helpers/index.ts';
import { VolumeError } from '../../../volume-plugins/index.ts';
import type { OperationContext } from './operation-context.ts';
import { operationError } from './operation-error.ts';
import type { MountTarget } from './operation-targets.ts';

export interface ExpandRequest extends Omit<MountTarget, 'podKey'> {
  readonly volumePath: string;
  readonly online: boolean;
}

/** Codes after which the same size will never be reached. */
const infeasibleCodes = new Set(['InvalidArgument', 'OutOfRange', 'NotFound']);
/** The driver cannot grow a volume that is in use. */
const inUseCode = 'FailedPrecondition';

export async function expandVolume(
  context: OperationContext,
  request: ExpandRequest,
  signal: AbortSignal,
): Promise<void> {
  const { desired, pod } = request;
  const { expandToBytes: newSizeBytes, name } = desired;
  if (newSizeBytes === undefined || pod.spec.kind !== 'persistent') return;
  if (pod.spec.readOnly) {
    context.recordEvent(pod.pod, 'Warning', 'FileSystemResizeFailed', 'requested read-only file system');
    context.actual.markExpandRefused(name, newSizeBytes);
    return;
  }
  const claim = await findClaim(context, request, signal);
  if (!claim || !isNodeStepDue(claim, newSizeBytes)) {
    context.actual.markExpandRefused(name, newSizeBytes);
    return;
  }
  const begun = await markStatus(context, claim, 'NodeResizeInProgress', signal);
  try {
    await callPlugin(request, newSizeBytes, signal);
  } catch (thrown) {
    await settleFailure(context, request, { claim: begun, newSizeBytes, thrown }, signal);
    return;
  }
  const size = quantityOfBytes(newSizeBytes);
  await context.client.updateStatus(persistentVolumeClaims, withFinishedResize(begun, size), { signal });
  context.actual.markExpanded(name, newSizeBytes);
  const message = `MountVolume.NodeExpandVolume succeeded for volume "${pod.spec.name}" ${context.nodeName}`;
  context.recordEvent(pod.pod, 'Normal', 'FileSystemResizeSuccessful', message);
  context.recordEvent(begun, 'Normal', 'FileSystemResizeSuccessful', message);
}

async function findClaim(
  { client }: OperationContext,
  { pod }: ExpandRequest,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim | undefined> {
  const reference = pod.spec.kind === 'persistent' ? pod.spec.persistentVolume.spec.claimRef : undefined;
  if (!reference?.name) return undefined;
  const { namespace, name } = reference;
  return await client.get(persistentVolumeClaims, { namespace, name }, { signal });
}

/** Whether the claim still waits for this size, and nobody found the size infeasible. */
function isNodeStepDue(claim: PersistentVolumeClaim, newSizeBytes: bigint): boolean {
  const shown = claim.status?.capacity?.storage;
  if (shown !== undefined && quantityValue(shown) >= newSizeBytes) return false;
  const status = resizeStatusOf(claim);
  return status === undefined || status === 'NodeResizePending' || status === 'NodeResizeInProgress';
}

async function callPlugin(
  { desired, actual, pod, volumePath, online }: ExpandRequest,
  newSizeBytes: bigint,
  signal: AbortSignal,
) {
  // A driver without a node step answers false: then there was nothing to do, and the claim may show its size.
  await desired.plugin.nodeExpander?.nodeExpand(
    {
      spec: pod.spec,
      newSizeBytes,
      volumePath,
      deviceStagePath: actual.deviceMountPath,
      devicePath: actual.devicePath,
      online,
    },
    signal,
  );
}

async function markStatus(
  { client }: OperationContext,
  claim: PersistentVolumeClaim,
  status: ResizeStatus,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  // Claims of a resizer without recovery carry no status: then none is added.
  const present = resizeStatusOf(claim);
  if (present === undefined || present === status) return claim;
  return await client.updateStatus(persistentVolumeClaims, withResizeStatus(claim, status), { signal });
}

interface ExpandFailure {
  readonly claim: PersistentVolumeClaim;
  readonly newSizeBytes: bigint;
  readonly thrown: unknown;
}

async function settleFailure(
  context: OperationContext,
  { desired, pod }: ExpandRequest,
  { claim, newSizeBytes, thrown }: ExpandFailure,
  signal: AbortSignal,
): Promise<void> {
  const code = thrown instanceof VolumeError ? thrown.grpcCode : undefined;
  const error = operationError(
    { what: 'NodeExpandVolume.NodeExpandVolume failed', volumeName: pod.spec.name, eventReason: 'VolumeResizeFailed' },
    thrown,
  );
  if (code === inUseCode) {
    context.actual.markExpandRefused(desired.name, newSizeBytes);
    context.recordEvent(pod.pod, 'Warning', 'VolumeResizeFailed', error.message);
    return;
  }
  if (code !== undefined && infeasibleCodes.has(code)) {
    const marked = resizeStatusOf(claim) ? withResizeStatus(claim, 'NodeResizeInfeasible') : claim;
    const condition = { type: 'NodeResizeError', message: `failed to expand pvc with ${messageOf(thrown)}` } as const;
    const told = withResizeCondition(marked, condition, context.clock, { alone: false });
    await context.client.updateStatus(persistentVolumeClaims, told, { signal });
    context.actual.markExpandRefused(desired.name, newSizeBytes);
  }
  throw error;
}
