import type { ActualStateOfWorld } from './cache/actual-state-of-world.ts';
import type { DesiredStateOfWorld } from './cache/desired-state-of-world.ts';
import type { UniqueVolumeName } from './volume-manager.ts';

/**
 * The attachable volumes that this node wants, has or may have, sorted. Volumes found on disk count while it is not
 * known whether they are attachable.
 */
export function volumesInUse(desired: DesiredStateOfWorld, actual: ActualStateOfWorld): readonly UniqueVolumeName[] {
  const names = new Set<UniqueVolumeName>();
  for (const volume of desired.list()) if (volume.attachable) names.add(volume.name);
  for (const volume of actual.list()) if (volume.attachability !== 'notRequired') names.add(volume.name);
  return [...names].sort();
}
