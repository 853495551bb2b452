import { describe, expect, it } from 'vitest';
import type {
  CSIStorageCapacity,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../api/index.ts';
import { findPodVolumes, reasons, type VolumeSource } from './find-volumes.ts';
import type { PodClaims } from './pod-claims.ts';

const meta = (name: string) => ({ name, namespace: 'ns', uid: name, resourceVersion: '1', creationTimestamp: '' });

function claim(name: string, size: string, more: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta(name),
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'c',
      resources: { requests: { storage: size } },
      ...more,
    },
  };
}

function volume(name: string, size: string, nodeName?: string): PersistentVolume {
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName ?? ''] };
  const affinity = { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: meta(name),
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: size },
      storageClassName: 'c',
      ...(nodeName ? { nodeAffinity: affinity } : {}),
    },
    status: { phase: 'Available' },
  };
}

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { ...meta('n1'), labels: { 'kubernetes.io/hostname': 'n1', zone: 'z1' } },
  spec: {},
};

function storageClass(provisioner: string, more: Partial<StorageClass> = {}): StorageClass {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: meta('c'), provisioner, ...more };
}

interface World {
  readonly volumes?: readonly PersistentVolume[];
  readonly class?: StorageClass;
  readonly capacities?: readonly CSIStorageCapacity[];
}

function source(world: World): VolumeSource {
  return {
    volume: (name) => world.volumes?.find(({ metadata }) => metadata.name === name),
    volumesOfClass: () => world.volumes ?? [],
    class: () => world.class,
    checksCapacity: () => world.capacities !== undefined,
    capacities: () => world.capacities ?? [],
  };
}

const none: PodClaims = { bound: [], immediate: [], delayed: [] };
const delayed = (...claims: PersistentVolumeClaim[]): PodClaims => ({ ...none, delayed: claims });

function capacityOf(amount: string, zone = 'z1'): CSIStorageCapacity {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIStorageCapacity',
    metadata: meta('cap'),
    storageClassName: 'c',
    nodeTopology: { matchLabels: { zone } },
    capacity: amount,
  };
}

describe('findPodVolumes', () => {
  it('[H2] takes the smallest volume for the smallest claim first', () => {
    const volumes = [volume('v10', '10Gi'), volume('v1', '1Gi')];
    const result = findPodVolumes(delayed(claim('big', '5Gi'), claim('small', '1Gi')), node, source({ volumes }));
    const pairs =
      result.kind === 'found'
        ? result.volumes.bindings.map((b) => [b.claim.metadata.name, b.volume.metadata.name])
        : [];
    expect(pairs).toEqual([
      ['small', 'v1'],
      ['big', 'v10'],
    ]);
  });

  it('[H2][rel-H4] never promises one volume to two claims of a pod', () => {
    const result = findPodVolumes(
      delayed(claim('a', '1Gi'), claim('b', '1Gi')),
      node,
      source({ volumes: [volume('v', '1Gi')] }),
    );
    expect(result).toEqual({ kind: 'refused', reasons: [reasons.bindConflict] });
  });

  it.each([
    ['a node that the volume cannot be reached from', { volumes: [volume('v', '1Gi', 'n2')] }, reasons.bindConflict],
    ['a class that never provisions', { class: storageClass('kubernetes.io/no-provisioner') }, reasons.bindConflict],
    [
      'a node outside the allowed topologies',
      {
        class: storageClass('drv', {
          allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['z2'] }] }],
        }),
      },
      reasons.bindConflict,
    ],
    [
      '[H3] too little capacity',
      { class: storageClass('drv'), capacities: [capacityOf('512Mi')] },
      reasons.notEnoughSpace,
    ],
    [
      '[H3] capacity elsewhere',
      { class: storageClass('drv'), capacities: [capacityOf('9Gi', 'z2')] },
      reasons.notEnoughSpace,
    ],
  ])('[H2] refuses %s', (_title, world, reason) => {
    expect(findPodVolumes(delayed(claim('a', '1Gi')), node, source(world))).toEqual({
      kind: 'refused',
      reasons: [reason],
    });
  });

  it('[H2][H3] provisions where there is room', () => {
    const world = { class: storageClass('drv'), capacities: [capacityOf('2Gi')] };
    const result = findPodVolumes(delayed(claim('a', '1Gi')), node, source(world));
    expect(result.kind === 'found' && result.volumes.provisions.map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  it('[H2] refuses nodes that a bound volume does not match, and volumes that are gone', () => {
    const bound = { ...none, bound: [claim('a', '1Gi', { volumeName: 'v' })] };
    const elsewhere = source({ volumes: [volume('v', '1Gi', 'n2')] });
    expect(findPodVolumes(bound, node, elsewhere)).toEqual({ kind: 'refused', reasons: [reasons.nodeConflict] });
    expect(findPodVolumes(bound, node, source({}))).toEqual({ kind: 'refused', reasons: [reasons.volumeMissing] });
  });
});
