/** Sees to it that the volume of one claim becomes as large as the claim asks. */
import {
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../api/index.ts';
import { messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import {
  claimWantsMore,
  isPodTerminated,
  resizeStatusOf,
  withResizeCondition,
  withResizeStatus,
} from '../../component-helpers/index.ts';
import { Code, CsiError, isFinalError } from '../../csi/index.ts';
import { markBegun, markFinished, markPending } from './claim-marks.ts';
import { ResizeError, type ResizerContext } from './context.ts';
import { csiControllerExpand, type Grown } from './csi-expand.ts';
import { decideResize } from './decide-resize.ts';
import { forgetSizeBefore, growVolume, isSizeBeforeNoted } from './volume-size.ts';

const infeasibleCodes: ReadonlySet<number> = new Set([Code.INVALID_ARGUMENT, Code.OUT_OF_RANGE, Code.NOT_FOUND]);

export async function syncSize(context: ResizerContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  const cached = context.volumes.get(claim?.spec.volumeName ?? '');
  if (!claim || !cached || (!claimWantsMore(claim) && !isSizeBeforeNoted(cached))) return done;
  // There is something to do, which is rare: it is decided on the volume as it is.
  const read = await context.client.get(persistentVolumes, { name: cached.metadata.name }, { signal });
  const volume = await forgetSizeBefore(context, claim, read, signal);
  const { memory, driver } = context;
  const decision = decideResize({
    claim,
    volume,
    driver: driver.name,
    controllerExpands: driver.expansion === 'controller',
    failedForGood: memory.failedForGood.has(key),
  });
  switch (decision.kind) {
    case 'settled':
    case 'awaitNode':
      return done;
    case 'expand': {
      const leftMs = decision.isBegun ? leftOfInfeasible(context, claim) : 0;
      if (leftMs > 0) return requeueAfter(leftMs);
      await expand(context, { claim, volume, ...decision }, signal);
      return done;
    }
    default:
      return unreachable(decision);
  }
}

/** What the node found infeasible is given back to it after a while, as upstream's resync does. */
function leftOfInfeasible({ memory }: ResizerContext, claim: PersistentVolumeClaim): number {
  const key = keyOf(claim);
  const isNodes = resizeStatusOf(claim) === 'NodeResizeInfeasible';
  return isNodes ? memory.infeasibleSizes.leftOfFirst(key) : memory.infeasibleSizes.leftMs(key);
}

interface Expansion {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly size: string;
  readonly isBegun: boolean;
}

async function expand(context: ResizerContext, expansion: Expansion, signal: AbortSignal): Promise<void> {
  const { memory, recorder } = context;
  const { volume, size } = expansion;
  const key = keyOf(expansion.claim);
  const claim = await markBegun(context, expansion.claim, expansion, signal);
  refuseInUse(context, claim);
  recorder.event(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${volume.metadata.name}`);
  memory.refusedInUse.delete(key);
  let grown: Grown;
  try {
    grown = await csiControllerExpand(context, volume, size, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    await settleFailure(context, claim, thrown, signal);
    const message = `resize volume "${volume.metadata.name}" by resizer "${context.driver.name}" failed: ${messageOf(thrown)}`;
    recorder.event(claim, 'Warning', 'VolumeResizeFailed', message);
    throw new ResizeError(message, { cause: thrown });
  }
  memory.failedForGood.delete(key);
  memory.infeasibleSizes.delete(key);
  await growVolume(context, claim, volume, grown, signal);
  if (grown.nodeExpansionRequired) await markPending(context, claim, signal);
  else await markFinished(context, claim, grown.size, signal);
}

/** The last attempt failed because the volume is in use: no attempt before nobody uses it. */
function refuseInUse({ memory, flags, driver, podsUsing, recorder }: ResizerContext, claim: PersistentVolumeClaim) {
  const key = keyOf(claim);
  if (!flags.handleVolumeInuseError || !memory.refusedInUse.has(key)) return;
  if (podsUsing(key).every(isPodTerminated)) return;
  const message = `Unable to expand ${key} because CSI driver ${driver.name} only supports offline expansion and volume is currently in-use`;
  recorder.event(claim, 'Warning', 'VolumeResizeFailed', message);
  throw new ResizeError(message);
}

async function settleFailure(
  { memory, client, clock }: ResizerContext,
  claim: PersistentVolumeClaim,
  thrown: unknown,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(claim);
  const code = thrown instanceof CsiError ? thrown.code : undefined;
  if (code === Code.FAILED_PRECONDITION) memory.refusedInUse.add(key);
  if (!isFinalError(thrown)) {
    memory.failedForGood.delete(key);
    memory.infeasibleSizes.delete(key);
    return;
  }
  memory.failedForGood.add(key);
  const isInfeasible = code !== undefined && infeasibleCodes.has(code);
  if (isInfeasible) memory.infeasibleSizes.add(key);
  else memory.infeasibleSizes.delete(key);
  const marked = isInfeasible ? withResizeStatus(claim, 'ControllerResizeInfeasible') : claim;
  const condition = {
    type: 'ControllerResizeError',
    message: `failed to expand pvc with ${messageOf(thrown)}`,
  } as const;
  const told = withResizeCondition(marked, condition, clock, { alone: false });
  await client.updateStatus(persistentVolumeClaims, told, { signal });
}
