import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { claimWantsMore } from '../../component-helpers/index.ts';
import { testClaim, testVolume } from '../common/test-objects.ts';
import { decideExpansion } from './decide-expansion.ts';

type Source = Partial<PersistentVolume['spec']>;

function claimOf(size: string, capacity: string | undefined, status: PersistentVolumeClaim['status'] = {}) {
  const known = capacity === undefined ? {} : { capacity: { storage: capacity } };
  return testClaim('c', { size, spec: { volumeName: 'v' }, status: { phase: 'Bound', ...known, ...status } });
}

function volumeOf(size: string, source: Source, preResize?: string) {
  const note = preResize === undefined ? {} : { 'volume.alpha.kubernetes.io/pre-resize-capacity': preResize };
  const volume = testVolume('v', { size, meta: { annotations: note } });
  const { hostPath: _, ...spec } = volume.spec;
  return { ...volume, spec: { ...spec, ...source } };
}

const csi: Source = { csi: { driver: 'd', volumeHandle: 'h' } };
const flex: Source = { flexVolume: { driver: 'example.com/flex' } };
const waiting = 'waiting for an external controller to expand this PVC';

describe('a claim', () => {
  it.each([
    ['2Gi', '1Gi', true],
    ['1Gi', '1Gi', false],
    ['1024Mi', '1Gi', false],
    ['1Gi', '2Gi', false],
    ['1Gi', undefined, true],
  ])('[E1] of %s with a capacity of %s wants more: %s', (size, capacity, expected) => {
    expect(claimWantsMore(claimOf(size, capacity))).toBe(expected);
  });

  it('[E1] that is not bound wants nothing', () => {
    expect(claimWantsMore(claimOf('2Gi', '1Gi', { phase: 'Pending' }))).toBe(false);
    expect(claimWantsMore(claimOf('2Gi', '1Gi', { phase: 'Lost' }))).toBe(false);
  });
});

describe('the expansion of a volume', () => {
  it.each<[string, PersistentVolumeClaim, PersistentVolume, object]>([
    [
      'is nobody else’s when the claim has what it asks for',
      claimOf('1Gi', '1Gi'),
      volumeOf('1Gi', csi),
      { kind: 'settled' },
    ],
    ['of CSI is external', claimOf('2Gi', '1Gi'), volumeOf('1Gi', csi), { kind: 'external', message: waiting }],
    [
      'of a plugin that nobody knows is external',
      claimOf('2Gi', '1Gi'),
      volumeOf('1Gi', { nfs: { server: 's', path: '/' } }),
      { kind: 'external', message: waiting },
    ],
    [
      'of a migrated plugin is its driver’s',
      claimOf('2Gi', '1Gi'),
      volumeOf('1Gi', { awsElasticBlockStore: { volumeID: 'vol-1' } }),
      {
        kind: 'external',
        message: 'CSI migration enabled for kubernetes.io/aws-ebs; waiting for external resizer to expand the pvc',
        resizer: 'ebs.csi.aws.com',
      },
    ],
    [
      'of FlexVolume happens on the node',
      claimOf('2Gi', '1Gi'),
      volumeOf('1Gi', flex),
      { kind: 'onNode', size: '2Gi' },
    ],
    [
      '[E3] goes on with the size that was begun',
      claimOf('3Gi', '1Gi', {
        allocatedResources: { storage: '2Gi' },
        allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
      }),
      volumeOf('1Gi', flex),
      { kind: 'onNode', size: '2Gi' },
    ],
    [
      'is the node’s business once the volume is large enough',
      claimOf('2Gi', '1Gi', {
        allocatedResources: { storage: '2Gi' },
        allocatedResourceStatuses: { storage: 'NodeResizePending' },
      }),
      volumeOf('2Gi', flex, '1Gi'),
      { kind: 'settled' },
    ],
    [
      'is written down again when a crash kept it from the claim',
      claimOf('2Gi', '1Gi', {
        allocatedResources: { storage: '2Gi' },
        allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
      }),
      volumeOf('2Gi', flex, '1Gi'),
      { kind: 'onNode', size: '2Gi' },
    ],
    ['is over when the node is done', claimOf('2Gi', '2Gi'), volumeOf('2Gi', flex, '1Gi'), { kind: 'forgetPreResize' }],
    ['leaves notes of others alone', claimOf('2Gi', '2Gi'), volumeOf('2Gi', csi, '1Gi'), { kind: 'settled' }],
  ])('[E1] %s', (_title, claim, volume, expected) => {
    expect(decideExpansion(claim, volume)).toEqual(expected);
  });
});
