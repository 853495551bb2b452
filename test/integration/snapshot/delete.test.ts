import { describe, expect } from 'vitest';
import { type GivenContent, ready, readyContent, snap, taken, usual } from './objects.ts';
import { runTable } from './table.ts';
import type { World } from './world.ts';

const readyLine = 'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z';
const restoring = { name: 'restored', restores: 'snap' };
const pending = 'snap Warning SnapshotDeletePending Snapshot is being used to restore a PVC';
const gone = async (world: World) => {
  await world.deleteSnapshot();
  await world.deleteSnapshots();
};
const retained: GivenContent = { ...readyContent, policy: 'Retain', className: 'silver' };

describe('[S4] [rel-L6] [rel-L7] [rel-C2] a snapshot that is deleted', () => {
  runTable([
    {
      title: '[S4] waits for its content, which the snapshotter may now delete',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: (world) => world.deleteSnapshot(),
      out: [`${readyLine} [bound] terminating`, 'own to snap Delete gold [held] let go terminating', 'data Bound'],
    },
    {
      title: '[S4] [rel-L6] [rel-L7] [rel-C2] is gone when its content is',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: gone,
      out: ['data Bound'],
    },
    {
      title: '[S4] under Retain goes at once, and leaves its content',
      ...usual,
      snapshots: [{ ...ready, className: 'silver', finalizers: ['source'] }],
      contents: [retained],
      later: gone,
      out: ['own of a gone one to gone snap Retain silver [held] let go', 'data Bound'],
    },
    {
      title: '[S4] is deleted by what the policy says now: kept after all',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: async (world) => {
        await world.patchContent({ spec: { deletionPolicy: 'Retain' } });
        await gone(world);
      },
      out: ['own of a gone one to gone snap Retain gold [held] let go', 'data Bound'],
    },
    {
      title: '[S4] goes when its content is kept while it is being deleted',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      later: async (world) => {
        await world.deleteSnapshot();
        await world.patchContent({ spec: { deletionPolicy: 'Retain' } });
      },
      out: ['own of a gone one to gone snap Retain gold [held] let go terminating', 'data Bound'],
    },
    {
      title: '[S4] stays while a volume is restored from it, content untouched',
      ...usual,
      claims: [...usual.claims, restoring],
      snapshots: [ready],
      contents: [readyContent],
      later: gone,
      out: [
        `${readyLine} [source bound] terminating`,
        'own to snap Delete gold [held]',
        'data Bound',
        'restored Pending',
      ],
      events: [pending],
    },
    {
      title: '[S4] goes as soon as the volume is restored',
      ...usual,
      claims: [...usual.claims, restoring],
      snapshots: [ready],
      contents: [readyContent],
      later: async (world) => {
        await world.deleteSnapshot();
        await world.setPhase('restored', 'Bound');
        await world.deleteSnapshots();
      },
      settleMs: 0,
      out: ['data Bound', 'restored Bound'],
      events: [pending],
    },
    {
      title: '[S4] goes as soon as the claim is given up',
      ...usual,
      claims: [...usual.claims, restoring],
      snapshots: [ready],
      contents: [readyContent],
      later: async (world) => {
        await world.deleteSnapshot();
        await world.removeClaim('restored');
        await world.deleteSnapshots();
      },
      settleMs: 0,
      out: ['data Bound'],
      events: [pending],
    },
    {
      title: '[S4] does not stay for a volume that has been restored, nor for one of another snapshot',
      ...usual,
      claims: [...usual.claims, { name: 'done', restores: 'snap', volume: 'other' }, { name: 'else', restores: 'two' }],
      snapshots: [ready],
      contents: [readyContent],
      later: gone,
      out: ['data Bound', 'done Bound', 'else Pending'],
    },
    {
      title: '[S4] under Retain stays too while a volume is restored',
      ...usual,
      claims: [...usual.claims, restoring],
      snapshots: [{ ...ready, className: 'silver', finalizers: ['source'] }],
      contents: [retained],
      later: gone,
      out: [
        'snap silver ready of own 1Gi at 2023-11-14T22:13:20Z [source] terminating',
        'own to snap Retain silver [held]',
        'data Bound',
        'restored Pending',
      ],
      events: [pending],
    },
    {
      title: '[S4] without a content goes, whatever claims wait for it',
      ...usual,
      claims: [...usual.claims, restoring],
      snapshots: [{ ...snap, finalizers: ['source'], deleting: true }],
      out: ['data Bound', 'restored Pending'],
    },
    {
      title: '[S4] lets go of a content that it does not know yet by name',
      ...usual,
      snapshots: [{ ...snap, finalizers: ['source'], deleting: true }],
      contents: [{ name: 'own', to: 'snap', className: 'gold', isHeld: true }],
      out: ['snap gold [source] terminating', 'own to snap Delete gold [held] let go terminating', 'data Bound'],
    },
    {
      title: '[S4] [rel-L7] [rel-C2] is not gone before such a content is',
      ...usual,
      snapshots: [{ ...snap, finalizers: ['source'], deleting: true }],
      contents: [{ name: 'own', to: 'snap', className: 'gold', isHeld: true }],
      later: (world) => world.deleteSnapshots(),
      out: ['data Bound'],
    },
    {
      title: '[S4] [rel-C2] deletes a content by hand that was bound on one side only',
      snapshots: [{ name: 'snap', from: 'kept', finalizers: ['source'], deleting: true }],
      contents: [{ name: 'kept', to: 'snap', handle: 'h', isHeld: true }],
      later: (world) => world.deleteSnapshots(),
      out: [],
    },
    {
      title: '[S4] goes though neither claim nor content has a name',
      snapshots: [
        { name: 'one', of: '', finalizers: ['source'], deleting: true },
        { name: 'two', from: '', finalizers: ['source'], deleting: true },
      ],
      out: [],
    },
    {
      title: '[S4] leaves a content alone that was never bound',
      snapshots: [{ name: 'snap', from: 'kept', finalizers: ['source'], deleting: true }],
      contents: [{ name: 'kept', for: 'snap', handle: 'h' }],
      out: ['kept for snap Delete'],
    },
    {
      title: '[S4] leaves a content alone that is another’s',
      ...usual,
      snapshots: [{ ...ready, bound: 'elsewhere', deleting: true }],
      contents: [{ name: 'elsewhere', toGone: 'snap', isHeld: true, status: taken }],
      out: ['elsewhere to gone snap Delete [held]', 'data Bound'],
    },
    {
      title: '[S4] of which no content is left goes',
      ...usual,
      snapshots: [{ ...ready, deleting: true }],
      out: ['data Bound'],
    },
    {
      title: '[S4] that nothing of this controller holds is left to others',
      ...usual,
      snapshots: [{ ...ready, finalizers: ['other'], deleting: true }],
      contents: [readyContent],
      out: [`${readyLine} [example.com/other] terminating`, 'own to snap Delete gold [held]', 'data Bound'],
    },
    {
      title: '[S4] [rel-L6] goes though its class is gone',
      ...usual,
      classes: [],
      snapshots: [{ ...ready, deleting: true }],
      contents: [readyContent],
      later: (world) => world.deleteSnapshots(),
      out: ['data Bound'],
    },
    {
      title: '[S4] [rel-L6] goes though it has no class and its claim is gone',
      snapshots: [{ name: 'snap', of: 'data', finalizers: ['source'], deleting: true }],
      out: [],
    },
    {
      title: '[S4] lets its claim go before the driver has ended',
      ...usual,
      claims: [{ name: 'data', volume: 'pv', isProtected: true }],
      snapshots: [{ ...snap, bound: 'own', finalizers: ['source', 'bound'], status: { readyToUse: false } }],
      contents: [{ ...readyContent, status: { readyToUse: false } }],
      later: (world) => world.deleteSnapshot(),
      out: [
        'snap gold unready of own [bound] terminating',
        'own to snap Delete gold [held] let go terminating',
        'data Bound',
      ],
    },
    {
      title: '[S4] waits for a content that somebody deletes by hand, and takes it along',
      ...usual,
      snapshots: [ready],
      contents: [{ ...readyContent, deleting: true }],
      later: gone,
      out: ['data Bound'],
    },
    {
      title: '[S4] a content that is deleted by hand is not let go while its snapshot stays',
      ...usual,
      snapshots: [ready],
      contents: [{ ...readyContent, deleting: true }],
      out: [`${readyLine} [source bound]`, 'own to snap Delete gold [held] terminating', 'data Bound'],
    },
    {
      title: '[S4] a content whose snapshot is missing is not deleted',
      contents: [{ name: 'kept', toGone: 'snap', handle: 'h' }],
      out: ['kept to gone snap Delete [held]'],
    },
    {
      title: '[S3] [S4] says that the content cannot be deleted, and tries again',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      faults: [{ call: 'delete VolumeSnapshotContent', reason: 'InternalError' }],
      later: async (world) => {
        await world.deleteSnapshot();
        await world.plane.clock.advance(2_000);
        await world.deleteSnapshots();
      },
      out: ['data Bound'],
      events: ['snap Warning SnapshotContentObjectDeleteError Failed to delete snapshot content API object'],
    },
    {
      title: '[S4] tries again when the content cannot be told',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      faults: [{ call: 'patch VolumeSnapshotContent', reason: 'InternalError' }],
      later: async (world) => {
        await world.deleteSnapshot();
        await world.plane.clock.advance(2_000);
        await world.deleteSnapshots();
      },
      out: ['data Bound'],
    },
    {
      title: '[S4] stays when nobody can say whether a volume is being restored',
      ...usual,
      snapshots: [ready],
      contents: [readyContent],
      faults: [{ call: 'list PersistentVolumeClaim', reason: 'InternalError', times: 5 }],
      later: async (world) => {
        await world.deleteSnapshot();
        await world.plane.clock.advance(10_000);
        const { annotations, deletionTimestamp } = (await world.content('own')).metadata;
        expect([annotations, deletionTimestamp]).toEqual([undefined, undefined]);
      },
      settleMs: 3_600_000,
      out: [`${readyLine} [bound] terminating`, 'own to snap Delete gold [held] let go terminating', 'data Bound'],
    },
  ]);
});
