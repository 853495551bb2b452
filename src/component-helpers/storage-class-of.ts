/** Which class a claim or volume belongs to, and what a claim asks for. */
import {
  annBetaMountOptions,
  annBetaStorageClass,
  type PersistentVolume,
  type PersistentVolumeClaim,
  quantityValue,
  type StorageClass,
} from '../api/index.ts';

/** The class name of a claim; '' when it has none. */
export function getClaimClass(claim: PersistentVolumeClaim): string {
  return claim.metadata.annotations?.[annBetaStorageClass] ?? claim.spec.storageClassName ?? '';
}

/** Whether the claim says nothing about its class, not even ''. */
export function claimHasNoClass(claim: PersistentVolumeClaim): boolean {
  return claim.metadata.annotations?.[annBetaStorageClass] === undefined && claim.spec.storageClassName === undefined;
}

/** The class name of a volume; '' when it has none. */
export function getVolumeClass(volume: PersistentVolume): string {
  return volume.metadata.annotations?.[annBetaStorageClass] ?? volume.spec.storageClassName ?? '';
}

export function isDelayBinding(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** The bytes that a claim requests; 0 when it does not say. */
export function claimRequestBytes(claim: PersistentVolumeClaim): bigint {
  const request = claim.spec.resources?.requests?.storage;
  return request === undefined ? 0n : quantityValue(request);
}

/** The bytes that a volume offers; 0 when it does not say. */
export function volumeCapacityBytes(volume: PersistentVolume): bigint {
  const capacity = volume.spec.capacity?.storage;
  return capacity === undefined ? 0n : quantityValue(capacity);
}

/** The mount options of a volume: the old annotation's, else the field's. */
export function volumeMountOptions(volume: PersistentVolume): readonly string[] {
  const annotation = volume.metadata.annotations?.[annBetaMountOptions];
  if (annotation === undefined) return volume.spec.mountOptions ?? [];
  return annotation === '' ? [] : annotation.split(',');
}
