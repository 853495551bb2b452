import type { PersistentVolumeSpec } from '../api/index.ts';

const sharedModes = ['ReadWriteMany', 'ReadOnlyMany'];

/**
 * Whether the volume must be on one node at a time. Without access modes nothing is known, and the driver decides.
 * Upstream: attachdetach/util IsMultiAttachAllowed.
 */
export function isExclusiveVolume({ accessModes = [] }: Pick<PersistentVolumeSpec, 'accessModes'>): boolean {
  return accessModes.length > 0 && !accessModes.some((mode) => sharedModes.includes(mode));
}
