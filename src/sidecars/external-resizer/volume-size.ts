/** The size in the volume object, and the note of the size before, which stands until the node is done. */
import {
  compareQuantities,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
} from '../../api/index.ts';
import { annPreResizeCapacity, findCsiSource } from '../../component-helpers/index.ts';
import type { ResizerContext } from './context.ts';
import type { Grown } from './csi-expand.ts';

/** The node compares the volume's size with the claim's: it is written before the claim speaks of the node. */
export async function growVolume(
  { client, driver }: ResizerContext,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  { size, nodeExpansionRequired }: Grown,
  signal: AbortSignal,
): Promise<void> {
  const current = volume.spec.capacity?.storage ?? '0';
  const mustNote = nodeExpansionRequired && !isSizeBeforeNoted(volume);
  const difference = compareQuantities(size, current);
  // A size that was reached once is never taken back; what no controller made and no node reached is only a wish.
  const isUnreached = driver.expansion !== 'controller' && compareQuantities(size, shownSize(claim, current)) >= 0;
  const isOther = difference > 0 || (difference < 0 && isUnreached);
  if (!isOther && !mustNote) return;
  const before = shownSize(claim, current);
  const annotations = mustNote ? { [annPreResizeCapacity]: before } : {};
  const body = {
    metadata: { uid: volume.metadata.uid, resourceVersion: volume.metadata.resourceVersion, annotations },
    ...(isOther ? { spec: { capacity: { storage: size } } } : {}),
  };
  await client.patch(persistentVolumes, { name: volume.metadata.name }, { type: 'merge', body }, { signal });
}

function shownSize({ status }: PersistentVolumeClaim, otherwise: string): string {
  return status?.capacity?.storage ?? otherwise;
}

export function isSizeBeforeNoted({ metadata }: PersistentVolume): boolean {
  return metadata.annotations?.[annPreResizeCapacity] !== undefined;
}

/** Removes the note of the size before when the claim shows that the node is done. Returns the volume as it is then. */
export async function forgetSizeBefore(
  { client, driver }: ResizerContext,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  if (!isSizeBeforeNoted(volume) || findCsiSource(volume)?.driver !== driver.name) return volume;
  const shown = claim.status?.capacity?.storage ?? '0';
  if (compareQuantities(shown, volume.spec.capacity?.storage ?? '0') < 0) return volume;
  const { uid, name } = volume.metadata;
  const body = { metadata: { uid, annotations: { [annPreResizeCapacity]: null } } };
  return await client.patch(persistentVolumes, { name }, { type: 'merge', body }, { signal });
}
