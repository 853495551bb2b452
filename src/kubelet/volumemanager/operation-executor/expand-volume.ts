/**
 * The node's part of growing a volume, and the claim's status that tells of it.
 *
 * Upstream: volume/util/operationexecutor/node_expander.go.
 */
import {
  isConflict,
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
import { failureKindOf, VolumeError } from '../../../volume-plugins/index.ts';
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
/** More writers than that at one moment are a fault of somebody: the step is then repeated after its back-off. */
const maxConflicts = 5;

export async function expandVolume(
  context: OperationContext,
  request: ExpandRequest,
  signal: AbortSignal,
): Promise<void> {
  const { desired, pod } = request;
  const { expandToBytes: newSizeBytes, name } = desired;
  if (newSizeBytes === undefined || pod.spec.kind !== 'persistent') return;
  const claim = await findClaim(context, request, signal);
  // For this pod nothing grows; another one that may write can have it grow.
  if (pod.spec.readOnly) {
    if (claim) warnOfReadOnly(context, request, claim);
    return;
  }
  const step = claim && decideNodeStep(claim, newSizeBytes);
  if (!claim || step === 'notDue') {
    context.actual.markExpandRefused(name, newSizeBytes);
    return;
  }
  const begun = step === 'due' ? await markStatus(context, claim, 'NodeResizeInProgress', signal) : claim;
  const attempt = { claim: begun, newSizeBytes };
  let reachedBytes: bigint | undefined;
  try {
    reachedBytes = await callPlugin(request, attempt, signal);
  } catch (thrown) {
    await settleFailure(context, request, { ...attempt, thrown }, signal);
    return;
  }
  if (reachedBytes !== undefined && reachedBytes < newSizeBytes) {
    await settleShortfall(context, request, { ...attempt, reachedBytes }, signal);
    return;
  }
  if (step === 'due') await showSize(context, request, attempt, signal);
  context.actual.markExpanded(name, newSizeBytes);
  // It may well have had the size before the agent was restarted.
  if (step === 'onlyHere' && request.actual.foundOnDisk) return;
  const message = `MountVolume.NodeExpandVolume succeeded for volume "${pod.spec.name}" ${context.nodeName}`;
  context.recordEvent(pod.pod, 'Normal', 'FileSystemResizeSuccessful', message);
  context.recordEvent(begun, 'Normal', 'FileSystemResizeSuccessful', message);
}

/**
 * The claim may have changed meanwhile: another node was first, or more was asked for. The volume has the size all the
 * same. The first node of a shared volume does not wait for the others, as upstream: the claim has no place for what
 * each node has done, and a node that is gone would be waited for without end.
 */
async function showSize(
  context: OperationContext,
  request: ExpandRequest,
  { claim, newSizeBytes }: ExpandAttempt,
  signal: AbortSignal,
): Promise<void> {
  let seen: PersistentVolumeClaim | undefined = claim;
  for (let left = maxConflicts; seen && decideNodeStep(seen, newSizeBytes) === 'due'; left--) {
    try {
      const grown = withFinishedResize(seen, quantityOfBytes(newSizeBytes));
      await context.client.updateStatus(persistentVolumeClaims, grown, { signal });
      return;
    } catch (thrown) {
      if (!isConflict(thrown) || left === 0) throw thrown;
      seen = await findClaim(context, request, signal);
    }
  }
}

function warnOfReadOnly(context: OperationContext, { pod }: ExpandRequest, claim: PersistentVolumeClaim): void {
  const message = `MountVolume.NodeExpandVolume failed for volume "${pod.spec.name}" requested read-only file system`;
  context.recordEvent(pod.pod, 'Warning', 'FileSystemResizeFailed', message);
  context.recordEvent(claim, 'Warning', 'FileSystemResizeFailed', message);
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

/** `onlyHere`: another node of a shared volume was first, and the claim shows the size already. */
type NodeStep = 'due' | 'onlyHere' | 'notDue';

/** Whether the claim still waits for this size, and nobody found the size infeasible. */
function decideNodeStep(claim: PersistentVolumeClaim, newSizeBytes: bigint): NodeStep {
  const shown = claim.status?.capacity?.storage;
  const status = resizeStatusOf(claim);
  if (shown !== undefined && quantityValue(shown) >= newSizeBytes) return status === undefined ? 'onlyHere' : 'notDue';
  const isNodesTurn = status === undefined || status === 'NodeResizePending' || status === 'NodeResizeInProgress';
  return isNodesTurn ? 'due' : 'notDue';
}

async function callPlugin(
  { desired, actual, pod, volumePath, online }: ExpandRequest,
  { claim, newSizeBytes }: ExpandAttempt,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  // Without a node step there is nothing to do, and the claim may show its size.
  return await desired.plugin.nodeExpander?.nodeExpand(
    {
      spec: pod.spec,
      newSizeBytes,
      oldSizeBytes: quantityValue(claim.status?.capacity?.storage ?? '0'),
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

interface ExpandAttempt {
  readonly claim: PersistentVolumeClaim;
  readonly newSizeBytes: bigint;
}

/** The claim tells what went wrong, beside what else it tells of its growth. */
async function tellClaim(
  context: OperationContext,
  claim: PersistentVolumeClaim,
  error: string,
  signal: AbortSignal,
): Promise<void> {
  const condition = { type: 'NodeResizeError', message: `failed to expand pvc with ${error}` } as const;
  const told = withResizeCondition(claim, condition, context.clock, { alone: false });
  await context.client.updateStatus(persistentVolumeClaims, told, { signal });
}

async function settleFailure(
  context: OperationContext,
  { desired, pod }: ExpandRequest,
  { claim, newSizeBytes, thrown }: ExpandAttempt & { readonly thrown: unknown },
  signal: AbortSignal,
): Promise<void> {
  const code = thrown instanceof VolumeError ? thrown.grpcCode : undefined;
  const isInfeasible = code !== undefined && infeasibleCodes.has(code);
  if (failureKindOf(thrown) === 'final') {
    const isTold = isInfeasible && resizeStatusOf(claim) !== undefined;
    await tellClaim(
      context,
      isTold ? withResizeStatus(claim, 'NodeResizeInfeasible') : claim,
      messageOf(thrown),
      signal,
    );
  }
  if (code === inUseCode || isInfeasible) context.actual.markExpandRefused(desired.name, newSizeBytes);
  // In use: the pod may have the volume as it is, and gets the size when the volume is mounted anew.
  if (code === inUseCode) return;
  const what = 'NodeExpandVolume.NodeExpandVolume failed';
  throw operationError({ what, volumeName: pod.spec.name, eventReason: 'VolumeResizeFailed' }, thrown);
}

/**
 * The plugin took the step and the volume is smaller than asked all the same. The claim must not show a size that is
 * not there; what there is can be used.
 */
async function settleShortfall(
  context: OperationContext,
  { desired, pod }: ExpandRequest,
  { claim, newSizeBytes, reachedBytes }: ExpandAttempt & { readonly reachedBytes: bigint },
  signal: AbortSignal,
): Promise<void> {
  const error = `the volume has ${reachedBytes} bytes after its expansion, not ${newSizeBytes}`;
  const message = `NodeExpandVolume.NodeExpandVolume failed for volume "${pod.spec.name}" : ${error}`;
  context.recordEvent(pod.pod, 'Warning', 'VolumeResizeFailed', message);
  await tellClaim(context, claim, error, signal);
  context.actual.markExpandRefused(desired.name, newSizeBytes);
}
