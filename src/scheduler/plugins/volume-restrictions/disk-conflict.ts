/** When two pods on a node may not have the same inline disk. Pure. Upstream: volume_restrictions.go isVolumeConflict. */
import type { Pod, Volume } from '../../../api/index.ts';

export function isInlineDisk(volume: Volume): boolean {
  return Boolean(volume.gcePersistentDisk || volume.awsElasticBlockStore || volume.rbd || volume.iscsi);
}

/** Whether the pods have a disk in common that at least one of them would write to. */
export function podsConflict(pod: Pod, other: Pod): boolean {
  return (pod.spec.volumes ?? []).some(
    (volume) => isInlineDisk(volume) && (other.spec.volumes ?? []).some((used) => disksConflict(volume, used)),
  );
}

type Readable = { readonly readOnly?: boolean };

function areReadOnly(a: Readable, b: Readable): boolean {
  return a.readOnly === true && b.readOnly === true;
}

function disksConflict(a: Volume, b: Volume): boolean {
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    const isSame = a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName;
    return isSame && !areReadOnly(a.gcePersistentDisk, b.gcePersistentDisk);
  }
  // An EBS disk is attached once, for reading too.
  if (a.awsElasticBlockStore && b.awsElasticBlockStore) {
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID;
  }
  if (a.iscsi && b.iscsi) {
    const isSame = a.iscsi.iqn === b.iscsi.iqn && a.iscsi.lun === b.iscsi.lun;
    return isSame && !areReadOnly(a.iscsi, b.iscsi);
  }
  if (a.rbd && b.rbd) {
    const { monitors } = a.rbd;
    const isSameCluster = b.rbd.monitors.some((monitor) => monitors.includes(monitor));
    const isSameImage = (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd') && a.rbd.image === b.rbd.image;
    return isSameCluster && isSameImage && !areReadOnly(a.rbd, b.rbd);
  }
  return false;
}
