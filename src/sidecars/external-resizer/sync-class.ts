/** Sees to it that the volume of one claim gets the VolumeAttributesClass that the claim names. */
import {
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../api/index.ts';
import { messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { Code, CsiError, isFinalError } from '../../csi/index.ts';
import { ResizeError, type ResizerContext } from './context.ts';
import { csiControllerModify } from './csi-expand.ts';
import { decideModify } from './decide-modify.ts';
import { isVolumeOf } from './decide-resize.ts';
import { withBegunModify, withEndedModify, withFailedModify, withPendingModify } from './modify-status.ts';

export async function syncClass(context: ResizerContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const claim = context.claims.get(key);
  const volume = context.volumes.get(claim?.spec.volumeName ?? '');
  if (!claim || volume?.spec.csi?.driver !== context.driver.name || !isVolumeOf(claim, volume)) return done;
  const decision = decideModify(
    claim,
    (name) => context.attributesClasses.get(name)?.driverName === context.driver.name,
  );
  switch (decision.kind) {
    case 'settled':
      return done;
    case 'cancel':
      await cancel(context, claim, signal);
      return done;
    case 'pending':
      await tellPending(context, claim, decision.className, signal);
      return done;
    case 'modify': {
      const leftMs = infeasibleForMs(context, claim, decision.className);
      if (leftMs > 0) return requeueAfter(leftMs);
      await modify(context, { claim, volume, ...decision }, signal);
      return done;
    }
    default:
      return unreachable(decision);
  }
}

/** How long a class that the driver found infeasible is left alone; another class may be tried at once. */
function infeasibleForMs({ memory }: ResizerContext, claim: PersistentVolumeClaim, className: string): number {
  const key = keyOf(claim);
  const progress = claim.status?.modifyVolumeStatus;
  if (progress?.targetVolumeAttributesClassName !== className) {
    memory.infeasibleClasses.delete(key);
    return 0;
  }
  return memory.infeasibleClasses.leftMs(key);
}

async function cancel(
  { client, memory, recorder }: ResizerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  memory.infeasibleClasses.delete(keyOf(claim));
  memory.begunInOrder.delete(keyOf(claim));
  const target = claim.status?.modifyVolumeStatus?.targetVolumeAttributesClassName ?? '';
  await client.updateStatus(persistentVolumeClaims, withEndedModify(claim), { signal });
  const message = `external resizer canceled modification of volume ${claim.metadata.name} with vac ${target}`;
  recorder.event(claim, 'Normal', 'VolumeModifyCanceled', message);
}

/** The class's creation brings the claim back. Its parameters mean nothing to another driver, or something else. */
async function tellPending(
  { client, recorder, attributesClasses, driver }: ResizerContext,
  claim: PersistentVolumeClaim,
  className: string,
  signal: AbortSignal,
): Promise<void> {
  const progress = claim.status?.modifyVolumeStatus;
  // What is in progress with another class has not ended: its target must not be forgotten.
  const isTold = progress?.targetVolumeAttributesClassName === className && progress.status === 'Pending';
  if (isTold || progress?.status === 'InProgress') return;
  await client.updateStatus(persistentVolumeClaims, withPendingModify(claim, className), { signal });
  const other = attributesClasses.get(className)?.driverName;
  const text =
    other === undefined
      ? `VAC ${className} does not exist.`
      : `VAC ${className} referenced in PVC is for driver ${other} which does not match driver name ${driver.name}`;
  recorder.event(claim, 'Warning', 'VolumeModifyFailed', text);
}

interface Modification {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly className: string;
  readonly isBegun: boolean;
}

async function modify(context: ResizerContext, modification: Modification, signal: AbortSignal): Promise<void> {
  const { client, clock, recorder, attributesClasses } = context;
  const { volume, className, isBegun } = modification;
  let { claim } = modification;
  if (!isBegun) {
    noteOrder(context, claim);
    claim = await client.updateStatus(persistentVolumeClaims, withBegunModify(claim, className, clock), { signal });
    const message = `external resizer is modifying volume ${claim.metadata.name} with vac ${className}`;
    recorder.event(claim, 'Normal', 'VolumeModify', message);
  }
  const parameters = attributesClasses.get(className)?.parameters ?? {};
  try {
    await csiControllerModify(context, claim, volume, parameters, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    await settleFailure(context, claim, thrown, signal);
    throw new ResizeError(messageOf(thrown), { cause: thrown });
  }
  await complete(context, claim, volume, className, signal);
}

/** Another class may be in progress still: the driver was asked for it, and its answer got lost. */
function noteOrder({ memory }: ResizerContext, claim: PersistentVolumeClaim): void {
  if (claim.status?.modifyVolumeStatus?.status === 'InProgress') memory.begunInOrder.delete(keyOf(claim));
  else memory.begunInOrder.add(keyOf(claim));
}

/**
 * A class that is called infeasible can be given up without a word to the driver. That is right only while the volume
 * surely has the class that the claim's status tells.
 */
async function settleFailure(
  { client, clock, memory, recorder }: ResizerContext,
  claim: PersistentVolumeClaim,
  thrown: unknown,
  signal: AbortSignal,
): Promise<void> {
  const isInvalid = thrown instanceof CsiError && thrown.code === Code.INVALID_ARGUMENT;
  const isRefused = isFinalError(thrown) && isInvalid;
  if (isRefused) memory.infeasibleClasses.add(keyOf(claim));
  const isInfeasible = isRefused && memory.begunInOrder.has(keyOf(claim));
  const told = withFailedModify(claim, messageOf(thrown), isInfeasible, clock);
  await client.updateStatus(persistentVolumeClaims, told, { signal });
  recorder.event(claim, 'Warning', 'VolumeModifyFailed', messageOf(thrown));
}

/** The volume first: whoever sees the claim's status sees a volume that agrees. */
async function complete(
  { client, memory, recorder }: ResizerContext,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  className: string,
  signal: AbortSignal,
): Promise<void> {
  memory.infeasibleClasses.delete(keyOf(claim));
  memory.begunInOrder.delete(keyOf(claim));
  const { name, uid } = volume.metadata;
  if (volume.spec.volumeAttributesClassName !== className) {
    const body = { metadata: { uid }, spec: { volumeAttributesClassName: className } };
    await client.patch(persistentVolumes, { name }, { type: 'merge', body }, { signal });
  }
  await client.updateStatus(persistentVolumeClaims, withEndedModify(claim, className), { signal });
  const message = `external resizer modified volume ${claim.metadata.name} with vac ${className} successfully`;
  recorder.event(claim, 'Normal', 'VolumeModifySuccessful', message);
}
