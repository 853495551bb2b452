import { describe, expect, it } from 'vitest';
import type { VolumeSnapshotContent } from '../../api/index.ts';
import { concernsSnapshotting, decideContent } from './decide-content.ts';

const prefix = 'snapshot.storage.kubernetes.io/';
const beingCreated = { [`${prefix}volumesnapshot-being-created`]: 'yes' };
const beingDeleted = { [`${prefix}volumesnapshot-being-deleted`]: 'yes' };
const finalizers = [`${prefix}volumesnapshotcontent-bound-protection`];
const deletionTimestamp = '2026-01-01T00:00:00Z';

interface Parts {
  readonly metadata?: Partial<VolumeSnapshotContent['metadata']>;
  readonly spec?: Partial<VolumeSnapshotContent['spec']>;
  readonly status?: NonNullable<VolumeSnapshotContent['status']>;
}

function content({ metadata, spec, status }: Parts = {}): VolumeSnapshotContent {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'c', uid: 'u', resourceVersion: '1', creationTimestamp: '', ...metadata },
    spec: {
      driver: 'd',
      deletionPolicy: 'Delete',
      source: { volumeHandle: 'vol' },
      volumeSnapshotRef: { namespace: 'ns', name: 's', uid: 'uid-of-s' },
      ...spec,
    },
    ...(status ? { status } : {}),
  };
}

const going = { deletionTimestamp, finalizers };
const existing = { source: { snapshotHandle: 'sid' } };
const unbound = { ...existing, volumeSnapshotRef: { namespace: 'ns', name: 's' } };

describe('what is to be done about a content', () => {
  it.each<[string, Parts, string]>([
    ['that is new', {}, 'create'],
    ['whose creation failed', { status: { readyToUse: false, error: { message: 'no' } } }, 'create'],
    ['whose snapshot is not ready', { status: { snapshotHandle: 'sid', readyToUse: false } }, 'create'],
    ['whose snapshot is ready', { status: { snapshotHandle: 'sid', readyToUse: true } }, 'ignore'],
    [
      'whose snapshot is ready, with a mark left over',
      { metadata: { annotations: beingCreated }, status: { readyToUse: true } },
      'endCreation',
    ],
    ['of an existing snapshot', { spec: existing }, 'check'],
    ['of an existing snapshot that is ready', { spec: existing, status: { readyToUse: true } }, 'ignore'],
    ['of another driver', { spec: { driver: 'other' } }, 'ignore'],
    ['of nothing', { spec: { source: {} } }, 'ignore'],
    ['that goes, without a word of the controller', { metadata: going }, 'create'],
    ['that goes, held by others alone', { metadata: { deletionTimestamp, finalizers: ['x/y'] } }, 'ignore'],
    [
      'that goes, held by others alone, while its snapshot may exist',
      { metadata: { deletionTimestamp, finalizers: ['x/y'], annotations: { ...beingCreated, ...beingDeleted } } },
      'create',
    ],
    [
      'that goes while its snapshot is being taken',
      { metadata: { ...going, annotations: { ...beingCreated, ...beingDeleted } } },
      'create',
    ],
    [
      'that goes while the answer about its snapshot is awaited again',
      {
        metadata: { ...going, annotations: { ...beingCreated, ...beingDeleted } },
        status: { snapshotHandle: 'sid', readyToUse: false },
      },
      'create',
    ],
    ['that goes, never begun', { metadata: { ...going, annotations: beingDeleted } }, 'release'],
    [
      'that goes with its snapshot',
      { metadata: { ...going, annotations: beingDeleted }, status: { snapshotHandle: 'sid' } },
      'delete',
    ],
    [
      'that goes without its snapshot',
      {
        metadata: { ...going, annotations: beingDeleted },
        spec: { deletionPolicy: 'Retain' },
        status: { snapshotHandle: 'sid' },
      },
      'release',
    ],
    [
      'that goes, a member of a group',
      {
        metadata: { ...going, annotations: beingDeleted },
        status: { snapshotHandle: 'sid', volumeGroupSnapshotHandle: 'g' },
      },
      'release',
    ],
    [
      'that goes, of an existing snapshot',
      { metadata: { ...going, annotations: beingDeleted }, spec: existing },
      'delete',
    ],
    ['that goes, of an existing snapshot, not bound', { metadata: going, spec: unbound }, 'delete'],
    ['that goes, of an existing snapshot, bound', { metadata: going, spec: existing }, 'check'],
    [
      'that goes, let go before',
      { metadata: { deletionTimestamp, finalizers: ['x/y'], annotations: beingDeleted }, spec: existing },
      'ignore',
    ],
  ])('[S2] [S4] [S5] %s', (_title, parts, expected) => {
    expect(decideContent({ content: content(parts), driver: 'd', classDriver: undefined }).kind).toBe(expected);
  });

  it('[S2] depends on the driver of its class too', () => {
    expect(decideContent({ content: content(), driver: 'd', classDriver: 'd' }).kind).toBe('create');
    expect(decideContent({ content: content(), driver: 'd', classDriver: 'other' }).kind).toBe('ignore');
  });

  it.each<[string, Parts, string]>([
    [
      'is to be deleted',
      { metadata: { ...going, annotations: beingDeleted }, status: { snapshotHandle: 'sid' } },
      'delete',
    ],
    ['is being taken', { metadata: { annotations: beingCreated } }, 'create'],
    ['was taken', { metadata: { annotations: beingCreated }, status: { readyToUse: true } }, 'endCreation'],
  ])('[S4] is no matter of its class when its snapshot %s', (_title, parts, expected) => {
    expect(decideContent({ content: content(parts), driver: 'd', classDriver: 'other' }).kind).toBe(expected);
  });
});

describe('a change of a content', () => {
  const before = content({ metadata: { annotations: { a: 'b' }, labels: { l: 'm' } } });
  const { metadata, spec } = before;

  it.each<[string, VolumeSnapshotContent, boolean]>([
    ['of nothing', { ...before }, false],
    ['of the status', { ...before, status: { readyToUse: true } }, false],
    ['of the version', { ...before, metadata: { ...metadata, resourceVersion: '2' } }, false],
    ['of the finalizers', { ...before, metadata: { ...metadata, finalizers } }, false],
    ['by the mark', { ...before, metadata: { ...metadata, annotations: { ...beingCreated, a: 'b' } } }, false],
    ['by its deletion', { ...before, metadata: { ...metadata, deletionTimestamp } }, true],
    [
      'by the controller’s word',
      { ...before, metadata: { ...metadata, annotations: { a: 'b', ...beingDeleted } } },
      true,
    ],
    ['of a label', { ...before, metadata: { ...metadata, labels: {} } }, true],
    ['of the policy', { ...before, spec: { ...spec, deletionPolicy: 'Retain' } }, true],
    ['into another of the same name', { ...before, metadata: { ...metadata, uid: 'v' } }, true],
  ])('[S2] %s', (_title, after, expected) => {
    expect(concernsSnapshotting(before, after)).toBe(expected);
  });
});
