import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim, VolumeSnapshot, VolumeSnapshotContent } from '../../api/index.ts';
import { boundContentName, restoredSnapshotId } from './snapshot-source.ts';

const finalizer = 'provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection';
const annotation = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';
const apiVersion = 'snapshot.storage.k8s.io/v1';
const version = { resourceVersion: '1', creationTimestamp: '' };

function claimOf(spec: PersistentVolumeClaim['spec'] = {}): PersistentVolumeClaim {
  const metadata = { name: 'data', namespace: 'ns', uid: 'u', ...version };
  const asked = { resources: { requests: { storage: '1000' } }, volumeMode: 'Filesystem' };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { ...asked, ...spec } };
}

const ready = { boundVolumeSnapshotContentName: 'content', readyToUse: true, restoreSize: '1000' };

function snapshotOf(
  status?: VolumeSnapshot['status'],
  metadata: Partial<VolumeSnapshot['metadata']> = {},
): VolumeSnapshot {
  return {
    apiVersion,
    kind: 'VolumeSnapshot',
    metadata: { name: 'snap', namespace: 'ns', uid: 'snap-uid', ...version, ...metadata },
    spec: { source: { persistentVolumeClaimName: 'src' } },
    ...(status ? { status } : {}),
  };
}

const volumeSnapshotRef = { name: 'snap', namespace: 'ns', uid: 'snap-uid' };

function contentOf(
  spec: Partial<VolumeSnapshotContent['spec']> = {},
  more: Pick<VolumeSnapshotContent, 'status'> & { annotations?: Record<string, string> } = {
    status: { snapshotHandle: 'handle' },
  },
): VolumeSnapshotContent {
  const { annotations, ...status } = more;
  return {
    apiVersion,
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'content', uid: 'c', ...version, ...(annotations ? { annotations } : {}) },
    spec: { deletionPolicy: 'Delete', driver: 'drv', source: { volumeHandle: 'v' }, volumeSnapshotRef, ...spec },
    ...status,
  };
}

const marked = (value: string) => ({ status: { snapshotHandle: 'handle' }, annotations: { [annotation]: value } });
const block = { sourceVolumeMode: 'Block' };

describe('the content of a snapshot to restore from', () => {
  it.each<[string, VolumeSnapshot, boolean]>([
    ['when it is bound', snapshotOf(ready), false],
    [
      'when it is not ready yet, which is asked later',
      snapshotOf({ boundVolumeSnapshotContentName: 'content' }),
      false,
    ],
    ['when others are being restored', snapshotOf(ready, { finalizers: [finalizer] }), false],
    [
      'when it is deleted and kept for this very restore',
      snapshotOf(ready, { deletionTimestamp: 't', finalizers: [finalizer] }),
      true,
    ],
  ])('[O11] [S10] [rel-C9] is named %s', (_title, snapshot, mayBeUnderWay) => {
    expect(boundContentName(snapshot, { mayBeUnderWay })).toBe('content');
  });

  const deleted = { deletionTimestamp: 't' };
  it.each<[string, VolumeSnapshot, boolean, string]>([
    ['without a status', snapshotOf(), false, 'snapshot snap not bound'],
    ['without a content', snapshotOf({ readyToUse: true }), false, 'snapshot snap not bound'],
    ['when it is deleted', snapshotOf(ready, deleted), false, 'snapshot snap is being deleted'],
    [
      'when it is deleted, although something was begun',
      snapshotOf(ready, deleted),
      true,
      'snapshot snap is being deleted',
    ],
    [
      'when it is deleted and kept for others',
      snapshotOf(ready, { ...deleted, finalizers: [finalizer] }),
      false,
      'snapshot snap is being deleted',
    ],
    ['when it is deleted and was never bound', snapshotOf({}, deleted), false, 'snapshot snap is being deleted'],
  ])('[O11] is not named %s', (_title, snapshot, mayBeUnderWay, message) => {
    expect(() => boundContentName(snapshot, { mayBeUnderWay })).toThrow(expect.objectContaining({ message }));
  });
});

describe('the snapshot that a volume is restored from', () => {
  const restore = (
    claim: PersistentVolumeClaim,
    snapshot: VolumeSnapshot,
    content?: VolumeSnapshotContent,
    prevent = true,
  ) => restoredSnapshotId({ claim, snapshot, content, driver: 'drv', preventVolumeModeConversion: prevent });
  const sized = (restoreSize: string) => snapshotOf({ ...ready, restoreSize });
  const { restoreSize: _, ...ofNoSize } = ready;

  it.each<[string, PersistentVolumeClaim, VolumeSnapshot, VolumeSnapshotContent, boolean]>([
    ['of the same size', claimOf(), snapshotOf(ready), contentOf(), true],
    [
      'of the same size in another unit',
      claimOf({ resources: { requests: { storage: '1Ki' } } }),
      sized('1024'),
      contentOf(),
      true,
    ],
    ['of a smaller size', claimOf(), sized('999'), contentOf(), true],
    ['of a size that nobody knows', claimOf(), snapshotOf(ofNoSize), contentOf(), true],
    ['of no size', claimOf(), sized('0'), contentOf(), true],
    ['of the same mode', claimOf({ volumeMode: 'Block' }), snapshotOf(ready), contentOf(block), true],
    ['of a file system', claimOf(), snapshotOf(ready), contentOf({ sourceVolumeMode: 'Filesystem' }), true],
    ['of a mode that nobody knows', claimOf({ volumeMode: 'Block' }), snapshotOf(ready), contentOf(), true],
    ['of another mode where all are allowed', claimOf(), snapshotOf(ready), contentOf(block), false],
    ...['true', 'True', 'TRUE', 't', 'T', '1'].map(
      (value): [string, PersistentVolumeClaim, VolumeSnapshot, VolumeSnapshotContent, boolean] => [
        `of another mode that is allowed (${value})`,
        claimOf(),
        snapshotOf(ready),
        contentOf(block, marked(value)),
        true,
      ],
    ),
  ])('[O11] [S10] is one %s', (_title, claim, snapshot, content, prevent) => {
    expect(restore(claim, snapshot, content, prevent)).toBe('handle');
  });

  const unbound = 'snapshot snap not bound';
  const notReady = 'snapshot snap is not Ready';
  it.each<[string, VolumeSnapshot, VolumeSnapshotContent | undefined, string]>([
    ['without a content', snapshotOf(ready), undefined, unbound],
    [
      'with the content of another',
      snapshotOf(ready),
      contentOf({ volumeSnapshotRef: { ...volumeSnapshotRef, name: 'other' } }),
      unbound,
    ],
    [
      'with the content of one elsewhere',
      snapshotOf(ready),
      contentOf({ volumeSnapshotRef: { ...volumeSnapshotRef, namespace: 'other' } }),
      unbound,
    ],
    [
      'with the content of one of that name before',
      snapshotOf(ready),
      contentOf({ volumeSnapshotRef: { ...volumeSnapshotRef, uid: 'other' } }),
      unbound,
    ],
    [
      'with a content that is no one’s yet',
      snapshotOf(ready),
      contentOf({ volumeSnapshotRef: { name: 'snap', namespace: 'ns' } }),
      unbound,
    ],
    ['of another driver', snapshotOf(ready), contentOf({ driver: 'other' }), unbound],
    ['that is not ready', snapshotOf({ ...ready, readyToUse: false }), contentOf(), notReady],
    [
      'of which it is not known whether it is ready',
      snapshotOf({ boundVolumeSnapshotContentName: 'content' }),
      contentOf(),
      notReady,
    ],
    ['without a handle', snapshotOf(ready), contentOf({}, { status: {} }), 'snapshot handle snap is not available'],
    ['of which nothing is known', snapshotOf(ready), contentOf({}, {}), 'snapshot handle snap is not available'],
    [
      'that is larger',
      sized('1001'),
      contentOf(),
      'requested volume size 1000 is less than the size 1001 for the source snapshot snap',
    ],
    [
      'that is much larger',
      sized('1Ti'),
      contentOf(),
      'requested volume size 1000 is less than the size 1099511627776 for the source snapshot snap',
    ],
  ])('[O11] is none %s', (_title, snapshot, content, message) => {
    expect(() => restore(claimOf(), snapshot, content)).toThrow(expect.objectContaining({ message }));
  });

  it('[O11] needs a claim that says what it asks for', () => {
    const message = 'error getting capacity for PVC data when creating snapshot snap';
    for (const resources of [{}, { requests: {} }])
      expect(() => restore(claimOf({ resources }), snapshotOf(ready), contentOf())).toThrow(
        expect.objectContaining({ message }),
      );
  });

  const refusal =
    'requested volume ns/data modifies the mode of the source volume but does not have permission to do so. ';
  const parsing = `failed to convert ${annotation} annotation value to boolean with error: strconv.ParseBool: parsing`;
  it.each<[string, Record<string, string> | undefined, string]>([
    ['nobody allows it', undefined, `${annotation} annotation is not present on snapshotcontent content`],
    [
      'somebody allows something else',
      { other: 'true' },
      `${annotation} annotation is not present on snapshotcontent content`,
    ],
    ['it is forbidden', { [annotation]: 'false' }, `${annotation} is set to false on snapshotcontent content`],
    ['it is forbidden by a letter', { [annotation]: 'F' }, `${annotation} is set to false on snapshotcontent content`],
    ['nobody can read whether', { [annotation]: 'yes' }, `${parsing} "yes": invalid syntax`],
    ['what is said is empty', { [annotation]: '' }, `${parsing} "": invalid syntax`],
  ])('[O11] [S10] is none of another mode when %s', (_title, annotations, reason) => {
    const more = { status: { snapshotHandle: 'handle' }, ...(annotations ? { annotations } : {}) };
    const expected = expect.objectContaining({ message: `${refusal}${reason}` });
    expect(() => restore(claimOf(), snapshotOf(ready), contentOf(block, more))).toThrow(expected);
    const other = contentOf({ sourceVolumeMode: 'Filesystem' }, more);
    expect(() => restore(claimOf({ volumeMode: 'Block' }), snapshotOf(ready), other)).toThrow(expected);
  });
});
