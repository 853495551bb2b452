import { describe, expect, it } from 'vitest';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/index.ts';
import { getBindVolumeToClaim, isVolumeBoundToClaim } from './bind-state.ts';
import { findMatchingVolume } from './match.ts';

const created = '2026-01-01T00:00:00Z';

function claimOf(
  spec: Partial<PersistentVolumeClaim['spec']>,
  annotations?: Record<string, string>,
): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'data',
      namespace: 'ns',
      uid: 'claim-uid',
      resourceVersion: '7',
      creationTimestamp: created,
      ...(annotations ? { annotations } : {}),
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
  };
}

interface VolumeOptions {
  readonly spec?: Partial<PersistentVolume['spec']>;
  readonly metadata?: Partial<PersistentVolume['metadata']>;
  readonly phase?: string;
}

function volumeOf(name: string, storage: string, options: VolumeOptions = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: created, ...options.metadata },
    spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' }, ...options.spec },
    status: { phase: options.phase ?? 'Available' },
  };
}

function nodeOf(labels: Record<string, string>): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', uid: 'n1', resourceVersion: '1', creationTimestamp: created, labels },
    spec: {},
  };
}

const zoneA: Partial<PersistentVolume['spec']> = {
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] },
  },
};

describe('findMatchingVolume', () => {
  it('[B9] takes the smallest volume that is large enough', () => {
    const volumes = [volumeOf('large', '10Gi'), volumeOf('small', '1Gi'), volumeOf('fitting', '3Gi')];
    expect(findMatchingVolume({ claim: claimOf({}), volumes })?.metadata.name).toBe('fitting');
  });

  it('[B9] takes a volume reserved for the claim before a smaller one', () => {
    const reserved = volumeOf('reserved', '10Gi', { spec: { claimRef: { namespace: 'ns', name: 'data' } } });
    const volumes = [volumeOf('small', '2Gi'), reserved];
    expect(findMatchingVolume({ claim: claimOf({}), volumes })?.metadata.name).toBe('reserved');
    expect(findMatchingVolume({ claim: claimOf({}), volumes, delayBinding: true })?.metadata.name).toBe('reserved');
  });

  it.each<[string, PersistentVolume]>([
    ['reserved for another claim', volumeOf('v', '5Gi', { spec: { claimRef: { namespace: 'ns', name: 'other' } } })],
    ['too small', volumeOf('v', '1Gi')],
    ['of the other volume mode', volumeOf('v', '5Gi', { spec: { volumeMode: 'Block' } })],
    ['of another attributes class', volumeOf('v', '5Gi', { spec: { volumeAttributesClassName: 'gold' } })],
    ['being deleted', volumeOf('v', '5Gi', { metadata: { deletionTimestamp: created } })],
    ['not Available', volumeOf('v', '5Gi', { phase: 'Released' })],
    ['of another class', volumeOf('v', '5Gi', { spec: { storageClassName: 'fast' } })],
    ['without the access mode', volumeOf('v', '5Gi', { spec: { accessModes: ['ReadOnlyMany'] } })],
  ])('[B9] skips a volume that is %s', (_, volume) => {
    expect(findMatchingVolume({ claim: claimOf({}), volumes: [volume] })).toBeUndefined();
  });

  it('[B9] leaves free volumes to the scheduler when binding is delayed', () => {
    expect(
      findMatchingVolume({ claim: claimOf({}), volumes: [volumeOf('v', '5Gi')], delayBinding: true }),
    ).toBeUndefined();
  });

  it('[B9] applies the label selector of the claim', () => {
    const claim = claimOf({ selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['fast'] }] } });
    const volumes = [volumeOf('slow', '2Gi'), volumeOf('fast', '5Gi', { metadata: { labels: { tier: 'fast' } } })];
    expect(findMatchingVolume({ claim, volumes })?.metadata.name).toBe('fast');
  });

  it('[H2] asks for node affinity on the path of the scheduler', () => {
    const volumes = [volumeOf('v', '5Gi', { spec: zoneA })];
    const find = (zone: string) => findMatchingVolume({ claim: claimOf({}), volumes, node: nodeOf({ zone }) });
    expect(find('a')?.metadata.name).toBe('v');
    expect(find('b')).toBeUndefined();
  });

  it('[H2] finds nothing when the reserved volume cannot be reached, even if another could be', () => {
    const claimRef = { namespace: 'ns', name: 'data', uid: 'claim-uid' };
    const volumes = [volumeOf('reserved', '5Gi', { spec: { ...zoneA, claimRef } }), volumeOf('free', '5Gi')];
    expect(findMatchingVolume({ claim: claimOf({}), volumes, node: nodeOf({ zone: 'b' }) })).toBeUndefined();
  });

  it('[H2] leaves out the volumes promised to other claims of the pod', () => {
    const volumes = [volumeOf('a', '2Gi'), volumeOf('b', '3Gi')];
    const found = findMatchingVolume({ claim: claimOf({}), volumes, excludedVolumes: new Set(['a']) });
    expect(found?.metadata.name).toBe('b');
  });

  it('[B10] lets the beta annotation decide the class, and never mixes class and no class', () => {
    const volumes = [
      volumeOf('none', '2Gi'),
      volumeOf('gold', '5Gi', { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } } }),
    ];
    expect(findMatchingVolume({ claim: claimOf({ storageClassName: 'gold' }), volumes })?.metadata.name).toBe('gold');
    expect(findMatchingVolume({ claim: claimOf({ storageClassName: 'silver' }), volumes })).toBeUndefined();
    expect(findMatchingVolume({ claim: claimOf({ storageClassName: '' }), volumes })?.metadata.name).toBe('none');
    const annotated = claimOf({ storageClassName: 'silver' }, { 'volume.beta.kubernetes.io/storage-class': 'gold' });
    expect(findMatchingVolume({ claim: annotated, volumes })?.metadata.name).toBe('gold');
  });
});

describe('getBindVolumeToClaim', () => {
  it('[B8] fills claimRef and marks the binding as the controller’s', () => {
    const { volume, changed } = getBindVolumeToClaim(volumeOf('v', '5Gi'), claimOf({}));
    expect(changed).toBe(true);
    expect(volume.spec.claimRef).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      namespace: 'ns',
      name: 'data',
      uid: 'claim-uid',
      resourceVersion: '7',
    });
    expect(volume.metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' });
    expect(getBindVolumeToClaim(volume, claimOf({}))).toEqual({ volume, changed: false });
  });

  it('[B8] completes a user’s reservation without claiming it', () => {
    const reserved = volumeOf('v', '5Gi', { spec: { claimRef: { namespace: 'ns', name: 'data' } } });
    const { volume, changed } = getBindVolumeToClaim(reserved, claimOf({}));
    expect(changed).toBe(true);
    expect(volume.spec.claimRef?.uid).toBe('claim-uid');
    expect(volume.metadata.annotations).toBeUndefined();
  });

  it('[B7] does not take a volume of an earlier claim with the same name for this one’s', () => {
    const claimRef = { namespace: 'ns', name: 'data', uid: 'older' };
    expect(isVolumeBoundToClaim(volumeOf('v', '5Gi', { spec: { claimRef } }), claimOf({}))).toBe(false);
  });
});
