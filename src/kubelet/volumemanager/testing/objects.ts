/** Objects for tests of volumes on a node. */
import type {
  CSIDriver,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  Pod,
  PodSpec,
  Volume,
  VolumeAttachment,
} from '../../../api/index.ts';
import { volumeAttachmentName } from '../../../component-helpers/index.ts';

export function emptyMeta(name: string, namespace?: string): ObjectMeta & { namespace: string } {
  return {
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(namespace ? { namespace } : {}),
  } as ObjectMeta & { namespace: string };
}

/** A pod whose one container mounts all the given volumes. */
export function testPod(name: string, volumes: readonly Volume[], spec: Partial<PodSpec> = {}): Pod {
  const volumeMounts = volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}` }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta(name, 'default'),
    spec: { containers: [{ name: 'c', image: 'i', volumeMounts }], volumes, ...spec },
  };
}

export function claimVolume(name: string, claimName: string): Volume {
  return { name, persistentVolumeClaim: { claimName } };
}

export interface BoundPair {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

/** A claim bound to a CSI volume, both named after one word. */
export function boundPair(name: string, driver: string, spec: Partial<PersistentVolumeSpec> = {}): BoundPair {
  const claimMeta = emptyMeta(`claim-${name}`, 'default');
  return {
    claim: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: claimMeta,
      spec: { volumeName: `pv-${name}`, accessModes: ['ReadWriteOnce'] },
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    },
    volume: {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: emptyMeta(`pv-${name}`),
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        claimRef: { namespace: 'default', name: claimMeta.name, uid: claimMeta.uid },
        csi: { driver, volumeHandle: `handle-${name}`, fsType: 'ext4' },
        ...spec,
      },
    },
  };
}

export function csiDriverObject(name: string, spec: CSIDriver['spec']): CSIDriver {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: emptyMeta(name), spec };
}

export function attachment(driver: string, volumeHandle: string, node: string): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: emptyMeta(volumeAttachmentName({ driver, volumeHandle, node })),
    spec: { attacher: driver, nodeName: node, source: { persistentVolumeName: 'pv' } },
    status: { attached: true, attachmentMetadata: { devicePath: '/dev/xyz' } },
  };
}
