import type { CSIDriver, StorageClass, VolumeAttachment } from '../gen/storage.v1.gen.ts';
import { fill } from './fill.ts';

export function defaultStorageClass(storageClass: StorageClass): StorageClass {
  return fill(storageClass, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
}

export function defaultCsiDriver(driver: CSIDriver): CSIDriver {
  return {
    ...driver,
    spec: fill(driver.spec, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
      seLinuxMount: false,
    }),
  };
}

export function defaultVolumeAttachment(attachment: VolumeAttachment): VolumeAttachment {
  return { ...attachment, status: fill(attachment.status ?? { attached: false }, { attached: false }) };
}
