/** Objects that tests begin with: valid, and as small as that allows. */
import type { ConfigMap, Draft, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../api/index.ts';

export function configMap(name: string, data: Readonly<Record<string, string>> = {}): Draft<ConfigMap> {
  return { metadata: { name, namespace: 'default' }, data };
}

export function claim(
  name: string,
  spec: Partial<NonNullable<PersistentVolumeClaim['spec']>> = {},
): Draft<PersistentVolumeClaim> {
  return {
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  };
}

export function volume(name: string): Draft<PersistentVolume> {
  return {
    metadata: { name },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/srv/x' } },
  };
}

export function storageClass(name: string, more: Partial<StorageClass> = {}): Draft<StorageClass> {
  return { metadata: { name }, provisioner: 'example.com/disk', ...more } as Draft<StorageClass>;
}

export function pod(name: string, spec: Partial<NonNullable<Pod['spec']>> = {}): Draft<Pod> {
  return {
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'busybox' }], ...spec },
  };
}
