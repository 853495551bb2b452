/** The caches behind the questions of find-volumes, with indexes that keep each answer short in large clusters. */
import type { CSIDriver, CSINode, CSIStorageCapacity, PersistentVolume, StorageClass } from '../../../api/index.ts';
import type { Informer, Lister } from '../../../client/index.ts';
import { getClaimClass, getVolumeClass, isVolumeBoundToClaim } from '../../../component-helpers/index.ts';
import type { AssumeCache } from '../../cache/assume-cache.ts';
import { volumeOnNode } from '../migrated-volumes.ts';
import { CapacityIndex } from './capacity-index.ts';
import type { VolumeSource } from './find-volumes.ts';
import { candidateIndexValues, reservedIndexValue, unclaimedIndexValue } from './static-candidates.ts';

const candidateIndex = 'scheduler/candidate';

export interface VolumeInformers {
  readonly volumes: Informer<PersistentVolume>;
  readonly capacities: Informer<CSIStorageCapacity>;
  readonly classes: Lister<StorageClass>;
  readonly drivers: Lister<CSIDriver>;
  readonly csiNodes: Lister<CSINode>;
}

export function addVolumeIndexes({ volumes }: VolumeInformers): void {
  volumes.addIndex(candidateIndex, candidateIndexValues);
}

export function createVolumeSource(
  { capacities, classes, drivers, csiNodes }: VolumeInformers,
  volumes: AssumeCache<PersistentVolume>,
): VolumeSource {
  const rooms = new CapacityIndex(capacities);
  return {
    volume: (name) => volumes.get(name),
    onNode: (volume, nodeName) => volumeOnNode(volume, csiNodes.get(nodeName)),
    reserved: (claim) => {
      const { namespace = '', name } = claim.metadata;
      const className = getClaimClass(claim);
      const reserved = [...volumes.byIndex(candidateIndex, reservedIndexValue(className, namespace, name))];
      // The index does not know what is only assumed.
      for (const volume of volumes.assumed()) {
        if (isVolumeBoundToClaim(volume, claim) && getVolumeClass(volume) === className) reserved.push(volume);
      }
      return reserved;
    },
    unclaimed: (className, hostname) => volumes.byIndex(candidateIndex, unclaimedIndexValue(className, hostname)),
    class: (name) => classes.get(name),
    checksCapacity: (driver) => drivers.get(driver)?.spec.storageCapacity === true,
    room: (className, labels, neededBytes) => rooms.find(className, labels, neededBytes),
  };
}
