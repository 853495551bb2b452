/** Small objects for tests, with the fields that matter. */
import type {
  Draft,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../../src/api/index.ts';

export function nodeDraft(name: string, labels: Record<string, string> = {}): Draft<Node> {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  };
}

export function classDraft(
  name: string,
  volumeBindingMode = 'WaitForFirstConsumer',
  provisioner = 'fake.csi',
): Draft<StorageClass> {
  return { metadata: { name }, provisioner, volumeBindingMode, reclaimPolicy: 'Delete' };
}

export function claimDraft(name: string, storageClassName: string, size = '1Gi'): Draft<PersistentVolumeClaim> {
  return {
    metadata: { namespace: 'default', name },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: size } } },
  };
}

export function volumeDraft(name: string, storageClassName: string, nodeName?: string): Draft<PersistentVolume> {
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName ?? ''] };
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } };
  return {
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      storageClassName,
      hostPath: { path: '/tmp' },
      ...(nodeName ? { nodeAffinity } : {}),
    },
  };
}

export function podDraft(name: string, claimName?: string): Draft<Pod> {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      containers: [{ name: 'main', image: 'busybox', command: ['sleep', 'infinity'] }],
      ...(claimName ? { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] } : {}),
    },
  };
}

/** A pod whose container mounts `claimName`, or what else is its volume `disk`. */
export function mountingPod(name: string, claimName?: string): Draft<Pod> {
  const { metadata, spec } = podDraft(name);
  const containers = spec.containers.map((container) => ({
    ...container,
    volumeMounts: [{ name: 'disk', mountPath: '/data' }],
  }));
  const volumes = claimName ? [{ name: 'disk', persistentVolumeClaim: { claimName } }] : [];
  return { metadata, spec: { ...spec, volumes, containers } };
}
