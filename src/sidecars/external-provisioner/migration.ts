/** Classes of the built-in plugin that a driver took over, and the volumes made for them. Pure. */
import type { Draft, PersistentVolume, StorageClass } from '../../api/index.ts';
import {
  findMigratedDriver,
  MigrationError,
  translateClassToCsi,
  translateVolumeToInTree,
} from '../../component-helpers/index.ts';

/** Whether the class names the plugin that the driver took over, and not the driver. */
export function isMigratedClass({ provisioner }: StorageClass): boolean {
  return findMigratedDriver(provisioner) !== undefined;
}

/**
 * The class in the words of the driver.
 * @throws MigrationError when it contradicts itself.
 */
export function classForDriver(volumeClass: StorageClass): StorageClass {
  if (!isMigratedClass(volumeClass)) return volumeClass;
  try {
    return translateClassToCsi(volumeClass);
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new MigrationError(`failed to translate storage class: ${error.message}`, { cause: error });
  }
}

/**
 * A driver's volume as the built-in plugin would have made it: those who chose the plugin keep seeing its volumes.
 * @throws MigrationError when it cannot be said in the plugin's terms.
 */
export function inTreeVolume(volume: Draft<PersistentVolume>): Draft<PersistentVolume> {
  const blank = { name: '', uid: '', resourceVersion: '', creationTimestamp: '' };
  const complete = {
    ...volume,
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { ...blank, ...volume.metadata },
  };
  const { metadata, spec } = translateVolumeToInTree(complete);
  const { annotations, labels } = metadata;
  const told = { ...(annotations ? { annotations } : {}), ...(labels ? { labels } : {}) };
  return { ...volume, metadata: { ...volume.metadata, ...told }, spec };
}
