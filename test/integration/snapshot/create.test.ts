import { describe, expect } from 'vitest';
import { driver, snap, taken, usual } from './objects.ts';
import { runTable } from './table.ts';

const creating = 'snap Normal CreatingSnapshot Waiting for a snapshot default/snap to be created by the CSI driver.';
const created = 'snap Normal SnapshotCreated Snapshot default/snap was successfully created by the CSI driver.';
const isReady = 'snap Normal SnapshotReady Snapshot default/snap is ready to use.';
const waiting = ['snap gold unready of own [source bound]', 'own to snap Delete gold [held]', 'data Bound [protected]'];
const complete = [
  'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
  'own to snap Delete gold [held]',
  'data Bound',
];

describe('[S2] [W3] [rel-L6] a snapshot of a claim', () => {
  runTable([
    {
      title: '[S2] gets a content with all that the snapshotter needs, and its claim stays until the snapshot is taken',
      ...usual,
      snapshots: [snap],
      out: waiting,
      events: [creating],
      check: async (world) => {
        const { metadata, spec } = await world.content('own');
        const { uid } = (await world.snapshot('snap')).metadata;
        expect(metadata.labels).toBeUndefined();
        expect(metadata.annotations).toBeUndefined();
        expect(spec).toEqual({
          volumeSnapshotRef: {
            apiVersion: 'snapshot.storage.k8s.io/v1',
            kind: 'VolumeSnapshot',
            namespace: 'default',
            name: 'snap',
            uid,
            resourceVersion: expect.any(String),
          },
          source: { volumeHandle: 'handle-of-pv' },
          volumeSnapshotClassName: 'gold',
          deletionPolicy: 'Delete',
          driver,
          sourceVolumeMode: 'Filesystem',
        });
      },
    },
    {
      title: '[W3] is ready when the driver says so: time, size, no error, and the claim is let go',
      ...usual,
      snapshots: [snap],
      later: (world) => world.answer(taken),
      out: complete,
      events: [creating, created, isReady],
    },
    {
      title: '[W3] is taken before it is ready',
      ...usual,
      snapshots: [snap],
      later: (world) => world.answer({ ...taken, readyToUse: false }),
      out: [
        'snap gold unready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
        'own to snap Delete gold [held]',
        'data Bound [protected]',
      ],
      events: [creating, created],
    },
    {
      title: '[W3] becomes ready later',
      ...usual,
      snapshots: [snap],
      later: async (world) => {
        await world.answer({ ...taken, readyToUse: false });
        await world.answer(taken);
      },
      out: complete,
      events: [creating, created, isReady],
    },
    {
      title: '[W3] [rel-L13] shows the failure of the driver',
      ...usual,
      snapshots: [snap],
      later: (world) =>
        world.answer({
          readyToUse: false,
          error: { time: '2023-11-14T22:13:20Z', message: 'Failed to create snapshot: no room' },
        }),
      out: [`${waiting[0]} because: Failed to create snapshot: no room`, ...waiting.slice(1)],
      events: [creating],
    },
    {
      title: '[W3] forgets the failure when the driver has succeeded',
      ...usual,
      snapshots: [snap],
      later: async (world) => {
        const error = { time: '2023-11-14T22:13:20Z', message: 'Failed to create snapshot: no room' };
        await world.answer({ readyToUse: false, error });
        await world.answer(taken);
      },
      out: complete,
      events: [creating, created, isReady],
    },
    {
      title: '[W3] has no size while the driver says none, and takes it when it does',
      ...usual,
      snapshots: [snap],
      later: async (world) => {
        await world.answer({ ...taken, readyToUse: false, restoreSize: 0 });
        await world.answer({ ...taken, readyToUse: false, restoreSize: 5_000_000_000 });
        await world.answer({ ...taken, readyToUse: true, restoreSize: 7 });
      },
      out: [
        'snap gold ready of own 5000000000 at 2023-11-14T22:13:20Z [source bound]',
        'own to snap Delete gold [held]',
        'data Bound',
      ],
      events: [creating, created, isReady],
    },
    {
      title: '[S2] under Retain may go without its content',
      ...usual,
      snapshots: [{ ...snap, className: 'silver' }],
      later: (world) => world.answer(taken),
      out: [
        'snap silver ready of own 1Gi at 2023-11-14T22:13:20Z [source]',
        'own to snap Retain silver [held]',
        'data Bound',
      ],
      events: [creating, created, isReady],
    },
    {
      title: '[S2] keeps the claim until every snapshot of it is taken',
      ...usual,
      snapshots: [snap, { ...snap, name: 'two' }],
      later: (world) => world.answer(taken),
      out: [
        'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
        'two gold unready of own [source bound]',
        'own to snap Delete gold [held]',
        'own to two Delete gold [held]',
        'data Bound [protected]',
      ],
      events: [creating, creating.replace('snap', 'two').replace('/snap', '/two'), created, isReady],
    },
    {
      title: '[S2] goes on where a controller before has stopped: content there, status not',
      ...usual,
      snapshots: [{ ...snap, finalizers: ['source'] }],
      contents: [{ name: 'own', to: 'snap', className: 'gold' }],
      out: ['snap gold unready of own [source bound]', 'own to snap Delete gold [held]', 'data Bound [protected]'],
    },
    {
      title: '[S2] goes on where a controller before has stopped: all there but what the driver said',
      ...usual,
      snapshots: [{ ...snap, bound: 'own', finalizers: ['source', 'bound'], status: { readyToUse: false } }],
      contents: [{ name: 'own', to: 'snap', className: 'gold', isHeld: true, status: taken }],
      out: complete,
      events: [created, isReady],
    },
    {
      title: '[S2] has the mode of its volume unless nobody is to be held to it',
      ...usual,
      volumes: [{ name: 'pv', driver, volumeMode: 'Block', to: 'data' }],
      snapshots: [snap],
      settings: { preventVolumeModeConversion: false },
      out: waiting,
      events: [creating],
      check: async (world) => expect((await world.content('own')).spec.sourceVolumeMode).toBeUndefined(),
    },
    {
      title: '[S2] of a block volume says so',
      ...usual,
      volumes: [{ name: 'pv', driver, volumeMode: 'Block', to: 'data' }],
      snapshots: [snap],
      out: waiting,
      events: [creating],
      check: async (world) => expect((await world.content('own')).spec.sourceVolumeMode).toBe('Block'),
    },
    {
      title: '[S8] of a local volume is for the snapshotter of its node',
      ...usual,
      nodes: ['n1', 'n2'],
      volumes: [{ name: 'pv', driver, to: 'data', node: 'n2' }],
      snapshots: [snap],
      settings: { distributedSnapshotting: true },
      out: waiting,
      events: [creating],
      check: async (world) =>
        expect((await world.content('own')).metadata.labels).toEqual({
          'snapshot.storage.kubernetes.io/managed-by': 'n2',
        }),
    },
    {
      title: '[S8] of a volume that every node reaches is for no node',
      ...usual,
      nodes: ['n1', 'n2'],
      snapshots: [snap],
      settings: { distributedSnapshotting: true },
      out: waiting,
      events: [creating],
      check: async (world) => expect((await world.content('own')).metadata.labels).toBeUndefined(),
    },
    {
      title: '[S8] names no node where one snapshotter serves all',
      ...usual,
      nodes: ['n1', 'n2'],
      volumes: [{ name: 'pv', driver, to: 'data', node: 'n2' }],
      snapshots: [snap],
      out: waiting,
      events: [creating],
      check: async (world) => expect((await world.content('own')).metadata.labels).toBeUndefined(),
    },
  ]);
});
