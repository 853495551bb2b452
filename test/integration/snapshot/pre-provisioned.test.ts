import { describe, expect } from 'vitest';
import { ready, readyContent, taken, usual } from './objects.ts';
import { runTable } from './table.ts';

const snap = { name: 'snap', from: 'kept' };
const kept = { name: 'kept', for: 'snap', handle: 'snap-1' };
const created = 'snap Normal SnapshotCreated Snapshot default/snap was successfully created by the CSI driver.';
const isReady = 'snap Normal SnapshotReady Snapshot default/snap is ready to use.';
const missing = 'VolumeSnapshotContent is missing';
const failed = (reason: string, message: string) => ({
  events: [`snap Warning ${reason} ${message}`],
  line: `because: ${message}`,
});
const misbound = failed('SnapshotContentMisbound', 'VolumeSnapshotContent [kept] is bound to a different snapshot');
const finalizerError = (message: string) =>
  `snap Warning SnapshotFinalizerError Failed to check and update snapshot: ${message}`;

describe('[S5] [W3] a snapshot that exists', () => {
  runTable([
    {
      title: '[S5] is bound on both sides: the content learns the uid, the snapshot the content',
      snapshots: [snap],
      contents: [kept],
      out: ['snap unready of kept [source bound]', 'kept to snap Delete [held]'],
      check: async (world) => {
        const { uid } = (await world.snapshot('snap')).metadata;
        expect((await world.content('kept')).spec.volumeSnapshotRef.uid).toBe(uid);
      },
    },
    {
      title: '[S5] is ready when its content is',
      snapshots: [snap],
      contents: [kept],
      later: (world) => world.answer(taken, 'kept'),
      out: ['snap ready of kept 1Gi at 2023-11-14T22:13:20Z [source bound]', 'kept to snap Delete [held]'],
      events: [created, isReady],
    },
    {
      title: '[S5] gives its class to the content',
      ...usual,
      snapshots: [{ ...snap, className: 'gold' }],
      contents: [kept],
      out: ['snap gold unready of kept [source bound]', 'kept to snap Delete gold [held]', 'data Bound'],
    },
    {
      title: '[S5] leaves the content the class that it has',
      ...usual,
      snapshots: [{ ...snap, className: 'gold' }],
      contents: [{ ...kept, to: 'snap', className: 'silver' }],
      out: ['snap gold unready of kept [source bound]', 'kept to snap Delete silver [held]', 'data Bound'],
    },
    {
      title: '[S5] needs no class, and gets no default',
      ...usual,
      snapshots: [snap],
      contents: [kept],
      out: ['snap unready of kept [source bound]', 'kept to snap Delete [held]', 'data Bound'],
    },
    {
      title: '[S5] under Retain is not held until its content is gone',
      snapshots: [snap],
      contents: [{ ...kept, policy: 'Retain' }],
      out: ['snap unready of kept [source]', 'kept to snap Retain [held]'],
    },
    {
      title: '[S3] [S5] waits for its content, and is bound as soon as that comes',
      snapshots: [snap],
      later: async (world) => {
        expect(await world.pictures()).toEqual([`snap unready [source] because: ${missing}`]);
        await world.createContent(kept);
        await world.plane.clock.settle();
      },
      settleMs: 0,
      out: ['snap unready of kept [source bound]', 'kept to snap Delete [held]'],
      events: failed('SnapshotContentMissing', missing).events,
    },
    {
      title: '[S3] [S5] is not bound to a content for a snapshot of another name',
      snapshots: [snap],
      contents: [{ ...kept, for: 'other' }],
      out: [`snap unready ${misbound.line}`, 'kept for other Delete'],
      events: [finalizerError('VolumeSnapshotContent [kept] is bound to a different snapshot'), ...misbound.events],
    },
    {
      title: '[S3] [S5] is not bound to the content of a snapshot that had its name before',
      snapshots: [snap],
      contents: [{ name: 'kept', toGone: 'snap', handle: 'snap-1' }],
      out: [`snap unready ${misbound.line}`, 'kept to gone snap Delete [held]'],
      events: [finalizerError('VolumeSnapshotContent [kept] is bound to a different snapshot'), ...misbound.events],
    },
    {
      title: '[S3] [S5] is not bound to a content that a snapshot is taken for',
      snapshots: [snap],
      contents: [{ name: 'kept', for: 'snap' }],
      out: [
        'snap unready because: VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one',
        'kept for snap Delete',
      ],
      events: [
        finalizerError(
          'snapshot default/snap expects a pre-provisioned VolumeSnapshotContent kept but gets a dynamically provisioned one',
        ),
        'snap Warning SnapshotContentMismatch VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one',
      ],
    },
    {
      title: '[S3] [S5] says that it cannot be bound when the server refuses',
      snapshots: [snap],
      contents: [kept],
      faults: [{ call: 'update VolumeSnapshotContent', reason: 'InternalError' }],
      settleMs: 2_000,
      out: ['snap unready of kept [source bound]', 'kept to snap Delete [held]'],
      events: [
        'snap Warning SnapshotBindFailed Snapshot failed to bind VolumeSnapshotContent, injected: InternalError',
      ],
    },
    {
      title: '[S5] goes on where a controller before has stopped: bound on one side',
      snapshots: [{ ...snap, finalizers: ['source'] }],
      contents: [{ ...kept, to: 'snap' }],
      out: ['snap unready of kept [source bound]', 'kept to snap Delete [held]'],
    },
    {
      title: '[S5] leaves contents alone that nobody asks for',
      contents: [kept],
      out: ['kept for snap Delete'],
    },
  ]);
});

describe('[S3] [W3] a snapshot that was ready', () => {
  const complete = [
    'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
    'own to snap Delete gold [held]',
    'data Bound',
  ];
  const failedLine = (message: string) =>
    `snap gold unready of own 1Gi at 2023-11-14T22:13:20Z [source bound] because: ${message}`;
  runTable([
    {
      title: '[W3] stays so, and nothing is written',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      out: complete,
    },
    {
      title: '[W3] stays so whatever its content says later',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: (world) => world.answer({ ...taken, readyToUse: false, restoreSize: 1 }),
      out: complete,
    },
    {
      title: '[S3] is not without its content, and is not taken anew',
      ...usual,
      snapshots: [ready],
      out: [failedLine(missing), 'data Bound'],
      events: [`snap Warning SnapshotContentMissing ${missing}`],
    },
    {
      title: '[S3] is not when its content is taken away, and is not taken anew',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: async (world) => {
        await world.deleteContent((await world.content('own')).metadata.name);
        await world.patchContent({ metadata: { finalizers: null } });
      },
      out: [failedLine(missing), 'data Bound'],
      events: [`snap Warning SnapshotContentMissing ${missing}`],
    },
    {
      title: '[S3] is not when its content points elsewhere',
      ...usual,
      snapshots: [{ ...ready, bound: 'elsewhere' }],
      contents: [{ name: 'elsewhere', toGone: 'snap', isHeld: true, status: taken }],
      out: [
        failedLine('VolumeSnapshotContent is not bound to the VolumeSnapshot correctly').replace('own', 'elsewhere'),
        'elsewhere to gone snap Delete [held]',
        'data Bound',
      ],
      events: ['snap Warning SnapshotMisbound VolumeSnapshotContent is not bound to the VolumeSnapshot correctly'],
    },
    {
      title: '[S3] says that its class is gone, and is ready all the same',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: (world) => world.deleteClass('gold'),
      out: [
        `${complete[0]} because: Failed to get snapshot class with error volumesnapshotclass.snapshot.storage.k8s.io "gold" not found`,
        ...complete.slice(1),
      ],
      events: [
        'snap Warning GetSnapshotClassFailed Failed to get snapshot class with error volumesnapshotclass.snapshot.storage.k8s.io "gold" not found',
      ],
    },
    {
      title: '[W3] forgets that its class was gone for a while',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: async (world) => {
        await world.deleteClass('gold');
        await world.createClass({ name: 'gold' });
      },
      out: complete,
      events: [
        'snap Warning GetSnapshotClassFailed Failed to get snapshot class with error volumesnapshotclass.snapshot.storage.k8s.io "gold" not found',
      ],
    },
    {
      title: '[S2] [rel-L6] gets finalizers back that somebody took',
      ...usual,
      snapshots: [{ ...ready, finalizers: [] }],
      contents: [{ ...readyContent, isHeld: false }],
      out: complete,
    },
    {
      title: '[S2] [rel-L6] lets a claim go that was left protected',
      ...usual,
      claims: [{ name: 'data', volume: 'pv', isProtected: true }],
      snapshots: [ready],
      contents: [readyContent],
      out: complete,
    },
    {
      title: '[S2] [rel-L6] lets a claim go whose snapshots were taken away by force',
      ...usual,
      claims: [{ name: 'data', volume: 'pv', isProtected: true }],
      out: ['data Bound'],
    },
    {
      title: '[S2] protects a claim again whose protection somebody took while the snapshot is taken',
      ...usual,
      snapshots: [{ ...ready, status: { readyToUse: false } }],
      contents: [{ ...readyContent, status: { readyToUse: false } }],
      out: ['snap gold unready of own [source bound]', 'own to snap Delete gold [held]', 'data Bound [protected]'],
    },
    {
      title: '[S2] [rel-L6] tells when a claim cannot be let go, and tries again',
      ...usual,
      claims: [{ name: 'data', volume: 'pv', isProtected: true }],
      snapshots: [ready],
      contents: [readyContent],
      faults: [{ call: 'update PersistentVolumeClaim', reason: 'InternalError' }],
      settleMs: 2_000,
      out: complete,
      events: ['snap Warning ErrorPVCFinalizer Error check and remove PVC Finalizer for VolumeSnapshot'],
    },
  ]);
});
