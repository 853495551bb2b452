/**
 * The four writes of a binding, in the order that makes every crash between two of them harmless: the volume's spec,
 * its status, the claim's spec, its status. Which one is next is read off the two objects, so a binding resumes from
 * wherever it was left. Upstream: pv_controller.go bind.
 */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
  PersistentVolumeStatus,
} from '../../api/index.ts';
import {
  annBindCompleted,
  annBoundByController,
  annPreResizeCapacity,
  getBindVolumeToClaim,
} from '../../component-helpers/index.ts';

export type BindStep =
  | { readonly kind: 'volumeSpec'; readonly volume: PersistentVolume }
  | { readonly kind: 'volumeStatus'; readonly volume: PersistentVolume }
  | { readonly kind: 'claimSpec'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'claimStatus'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'complete' };

export function nextBindStep(volume: PersistentVolume, claim: PersistentVolumeClaim): BindStep {
  const bound = getBindVolumeToClaim(volume, claim);
  if (bound.changed) return { kind: 'volumeSpec', volume: bound.volume };
  const volumeInPhase = withVolumePhase(volume, 'Bound');
  if (volumeInPhase) return { kind: 'volumeStatus', volume: volumeInPhase };
  const namingVolume = withVolumeName(claim, volume.metadata.name);
  if (namingVolume) return { kind: 'claimSpec', claim: namingVolume };
  const status = boundStatus(claim, volume);
  return status ? { kind: 'claimStatus', claim: { ...claim, status } } : { kind: 'complete' };
}

/** The volume in the phase; undefined when it is there already. */
export function withVolumePhase(
  volume: PersistentVolume,
  phase: string,
  why: Pick<PersistentVolumeStatus, 'reason' | 'message'> = {},
): PersistentVolume | undefined {
  if (volume.status?.phase === phase) return undefined;
  const { message: _message, reason: _reason, ...rest } = volume.status ?? {};
  const status: PersistentVolumeStatus = { ...rest, phase, ...why };
  return { ...volume, status };
}

function withVolumeName(claim: PersistentVolumeClaim, volumeName: string): PersistentVolumeClaim | undefined {
  const named = claim.spec.volumeName === volumeName;
  if (named && claim.metadata.annotations?.[annBindCompleted] !== undefined) return undefined;
  const annotations = {
    ...claim.metadata.annotations,
    [annBindCompleted]: 'yes',
    ...(named ? {} : { [annBoundByController]: 'yes' }),
  };
  return { ...claim, metadata: { ...claim.metadata, annotations }, spec: { ...claim.spec, volumeName } };
}

function sameModes(left: readonly string[] = [], right: readonly string[] = []): boolean {
  return left.length === right.length && left.every((mode, index) => mode === right[index]);
}

/**
 * The status of the claim once bound; undefined when it has it. Size and attributes class are taken from the volume
 * only when the claim enters Bound: after that they tell what the file system has, which may lag behind the volume.
 */
function boundStatus(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaimStatus | undefined {
  const { status = {} } = claim;
  const { accessModes, volumeAttributesClassName } = volume.spec;
  if (status.phase === 'Bound') {
    return sameModes(status.accessModes, accessModes)
      ? undefined
      : { ...status, ...(accessModes ? { accessModes } : {}) };
  }
  const preResize = volume.metadata.annotations?.[annPreResizeCapacity];
  return {
    ...status,
    phase: 'Bound',
    ...(accessModes ? { accessModes } : {}),
    capacity: { ...volume.spec.capacity, ...(preResize ? { storage: preResize } : {}) },
    ...(volumeAttributesClassName ? { currentVolumeAttributesClassName: volumeAttributesClassName } : {}),
  };
}

/** The status of a claim without a volume; undefined when it has it. */
export function unboundStatus(
  claim: PersistentVolumeClaim,
  phase: 'Pending' | 'Lost',
): PersistentVolumeClaimStatus | undefined {
  const { accessModes, capacity, ...rest } = claim.status ?? {};
  if (rest.phase === phase && !accessModes?.length && Object.keys(capacity ?? {}).length === 0) return undefined;
  return { ...rest, phase };
}
