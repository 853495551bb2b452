import type { ActualStateOfWorld } from './cache/actual-state-of-world.ts';
import type { DesiredStateOfWorld } from './cache/desired-state-of-world.ts';
import type { UniqueVolumeName } from './volume-manager.ts';

/** CSI volumes are told of even when nobody attaches them: whoever deletes a volume asks first where it is in use. */
const csiPrefix = 'kubernetes.io/csi/';

/**
 * The attachable and the CSI volumes that this node wants, has or may have, sorted. Volumes found on disk count while
 * it is not known whether they are attachable.
 */
export function volumesInUse(desired: DesiredStateOfWorld, actual: ActualStateOfWorld): readonly UniqueVolumeName[] {
  const names = new Set<UniqueVolumeName>();
  for (const volume of desired.list())
    if (volume.attachable || volume.name.startsWith(csiPrefix)) names.add(volume.name);
  for (const volume of actual.list()) {
    if (volume.attachability !== 'notRequired' || volume.name.startsWith(csiPrefix)) names.add(volume.name);
  }
  return [...names].sort();
}
