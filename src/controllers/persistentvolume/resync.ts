import { keyOf, type PersistentVolume, type PersistentVolumeClaim } from '../../api/index.ts';
import { isClaimBindCompleted } from '../../component-helpers/index.ts';
import type { BinderContext } from './binder-context.ts';
import { claimRefKey } from './volume-cache.ts';

/** The safety net under the watches. What is settled is passed over without a run. */
export function resync(context: BinderContext): void {
  for (const volume of context.volumes.list()) {
    if (!isVolumeSettled(context, volume)) context.volumeQueue.add(volume.metadata.name);
  }
  for (const claim of context.claims.list()) {
    if (!isClaimSettled(context, claim)) context.claimQueue.add(keyOf(claim));
  }
}

function isVolumeSettled({ claims }: BinderContext, volume: PersistentVolume): boolean {
  const claimKey = claimRefKey(volume);
  if (claimKey === undefined) return volume.status?.phase === 'Available';
  const claim = claims.get(claimKey);
  return (
    volume.status?.phase === 'Bound' &&
    claim?.spec.volumeName === volume.metadata.name &&
    claim.metadata.uid === volume.spec.claimRef?.uid
  );
}

function isClaimSettled({ volumes }: BinderContext, claim: PersistentVolumeClaim): boolean {
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName || !isClaimBindCompleted(claim)) return false;
  return volumes.get(claim.spec.volumeName)?.spec.claimRef?.uid === claim.metadata.uid;
}
