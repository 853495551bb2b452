/** Objects for tests, with as little as a test needs to say. */
import type { ObjectMeta, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../api/index.ts';

type Meta = Partial<ObjectMeta>;

export function testMeta<T extends Meta>(name: string, meta: T) {
  return { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...meta };
}

export interface TestVolume {
  readonly meta?: Meta;
  readonly spec?: Partial<PersistentVolume['spec']>;
  readonly status?: PersistentVolume['status'];
  readonly size?: string;
}

/** An Available volume of 1Gi, ReadWriteOnce, without a class, to be retained. */
export function testVolume(
  name: string,
  { meta = {}, spec = {}, status, size = '1Gi' }: TestVolume = {},
): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: testMeta(name, meta),
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: size },
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
      hostPath: { path: `/srv/${name}` },
      ...spec,
    },
    status: status ?? { phase: 'Available' },
  };
}

export interface TestClaim {
  readonly meta?: Meta;
  readonly spec?: Partial<PersistentVolumeClaim['spec']>;
  readonly status?: PersistentVolumeClaim['status'];
  readonly size?: string;
}

/** A Pending claim in namespace ns for 1Gi, ReadWriteOnce, of class ''. */
export function testClaim(name: string, options: TestClaim = {}): PersistentVolumeClaim {
  const { meta = {}, spec = {}, status, size = '1Gi' } = options;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: testMeta(name, { namespace: 'ns', ...meta }),
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      storageClassName: '',
      volumeMode: 'Filesystem',
      ...spec,
    },
    status: status ?? { phase: 'Pending' },
  };
}

export function testClass(
  name: string,
  more: Partial<Omit<StorageClass, 'metadata'>> & { meta?: Meta } = {},
): StorageClass {
  const { meta = {}, ...rest } = more;
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: testMeta(name, meta),
    provisioner: 'driver.example.com',
    volumeBindingMode: 'Immediate',
    ...rest,
  };
}

export function testPod(
  name: string,
  spec: Partial<Pod['spec']> = {},
  more: { meta?: Meta; status?: Pod['status'] } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: testMeta(name, { namespace: 'ns', ...more.meta }),
    spec: { containers: [{ name: 'main' }], ...spec },
    ...(more.status ? { status: more.status } : {}),
  };
}

/** A claimRef to a claim that testClaim made. */
export function testClaimRef(name: string, uid?: string) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: 'ns',
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}
