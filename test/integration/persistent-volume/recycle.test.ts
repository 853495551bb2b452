import { describe, expect } from 'vitest';
import { coreEvents, type Pod, pods } from '../../../src/api/index.ts';
import { defaultRecyclerTemplate } from '../../../src/volume-plugins/index.ts';
import { podDraft } from '../support/objects.ts';
import { boundClaim, claim, type VolumeOptions, volume } from './objects.ts';
import { runTable, type World } from './table.ts';

const released: VolumeOptions = { toGone: 'c', policy: 'Recycle', controller: true, phase: 'Released' };
const nfs = { nfs: { server: 's', path: '/' } };
const recycled = 'v Normal VolumeRecycled Volume recycled';
const failed = 'v Warning VolumeFailedRecycle Recycle failed: ';
const succeed = (world: World) => world.endRecycler('v', { phase: 'Succeeded' });
const noRecycler = async (world: World) => {
  expect(await world.recycler('v')).toBeUndefined();
};

/** A pod of the recycler's name that the controller knows nothing of. */
const forged = { ...podDraft('recycler-for-v'), metadata: { namespace: 'default', name: 'recycler-for-v' } };

async function recordPodEvent(world: World, pod: Pod | undefined, message: string): Promise<void> {
  const { name = '', uid = '' } = pod?.metadata ?? {};
  await world.client.create(coreEvents, {
    metadata: { namespace: 'default', name: `${name}.${message.length}` },
    involvedObject: { kind: 'Pod', namespace: 'default', name, uid },
    type: 'Normal',
    reason: 'Pulled',
    message,
  });
  await world.plane.clock.settle();
}

describe('[B2] [B12] [B18] [W1] [W10] [rel-B5] [rel-B6] [rel-L13] a released volume under Recycle', () => {
  runTable([
    {
      title: '[B12] waits for the pod that empties it',
      volumes: [volume('v', released)],
      out: ['v Released to gone c (controller)'],
      check: async (world) => {
        const pod = await world.recycler('v');
        expect(pod?.spec).toMatchObject({
          activeDeadlineSeconds: 60,
          restartPolicy: 'Never',
          volumes: [{ name: 'vol', hostPath: { path: '/tmp/volumes' } }],
          containers: defaultRecyclerTemplate.spec.containers,
        });
      },
    },
    {
      title: '[B2] [B12] [W1] is Available again once it is empty',
      volumes: [volume('v', released)],
      later: succeed,
      out: ['v Available'],
      events: [recycled],
      check: noRecycler,
    },
    {
      title: '[B12] goes to the next claim once it is empty',
      volumes: [volume('v', released)],
      claims: [claim('d')],
      later: succeed,
      out: ['v Bound to d (controller)', 'd Bound on v (controller) 1Gi'],
      events: ['d Normal FailedBinding', recycled],
    },
    {
      title: '[B12] is emptied when its claim is deleted',
      volumes: [volume('v', { to: 'c', policy: 'Recycle', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v')],
      later: async (world) => {
        await world.removeClaim('c');
        expect(await world.pictures()).toEqual(['v Released to gone c (controller)']);
        await succeed(world);
      },
      out: ['v Available'],
      events: [recycled],
    },
    {
      title: '[B12] stays reserved by name when a user had reserved it',
      volumes: [volume('v', { ...released, controller: false })],
      later: succeed,
      out: ['v Available for c'],
      events: [recycled],
    },
    {
      title: '[B12] is given more time the larger it is',
      volumes: [volume('v', { ...released, size: '10Gi' })],
      out: ['v Released to gone c (controller)'],
      check: async (world) => expect((await world.recycler('v'))?.spec.activeDeadlineSeconds).toBe(300),
    },
    {
      title: '[B12] [B18] is told what happens to the pod',
      volumes: [volume('v', released)],
      later: async (world) => {
        await recordPodEvent(world, await world.recycler('v'), 'Container image already present');
        await succeed(world);
      },
      out: ['v Available'],
      events: ['v Normal RecyclerPod Recycler pod: Container image already present', recycled],
    },
    {
      title: '[B12] is not told what happens to another pod of the name',
      volumes: [volume('v', released)],
      later: async (world) => {
        const other = { ...podDraft('recycler-for-v'), metadata: { name: 'recycler-for-v', uid: 'other' } };
        await recordPodEvent(world, other as Pod, 'nothing to do with it');
        await succeed(world);
      },
      out: ['v Available'],
      events: [recycled],
    },
    {
      title: '[B2] [B12] [rel-L13] is Failed when the pod fails, and tried again',
      volumes: [volume('v', released)],
      later: async (world) => {
        await world.endRecycler('v', { phase: 'Failed', message: 'Pod was active on the node longer than allowed' });
        expect(await world.recycler('v')).toBeUndefined();
        const why = 'Recycle failed: failed to recycle volume: Pod was active on the node longer than allowed';
        expect(await world.pictures()).toEqual([
          `v Failed to gone c (controller) because: VolumeFailedRecycle: ${why}`,
        ]);
        await world.plane.clock.advance(1000);
        await succeed(world);
      },
      out: ['v Available'],
      events: [`${failed}failed to recycle volume: Pod was active on the node longer than allowed`, recycled],
    },
    {
      title: '[B12] is Failed when the pod fails without a word',
      volumes: [volume('v', released)],
      later: (world) => world.endRecycler('v', { phase: 'Failed' }),
      out: [
        'v Failed to gone c (controller) because: VolumeFailedRecycle: Recycle failed: failed to recycle volume: pod failed, pod.Status.Message unknown',
      ],
      events: [`${failed}failed to recycle volume: pod failed`],
    },
    {
      title: '[B12] is Failed when the pod is deleted, and tried again',
      volumes: [volume('v', released)],
      later: async (world) => {
        await world.client.delete(pods, { namespace: 'default', name: 'recycler-for-v' });
        await world.plane.clock.advance(1000);
        await succeed(world);
      },
      out: ['v Available'],
      events: [`${failed}failed to recycle volume: recycler pod was deleted`, recycled],
    },
    {
      title: '[B12] does not believe a pod that somebody else made: it is removed, and another one made',
      volumes: [volume('v', released)],
      pods: [forged],
      later: async (world) => {
        expect(await world.pictures()).toEqual([
          'v Failed to gone c (controller) because: VolumeFailedRecycle: Recycle failed: old recycler pod found, will retry later',
        ]);
        await world.plane.clock.advance(1000);
        await succeed(world);
      },
      out: ['v Available'],
      events: [`${failed}old recycler pod found, will retry later`, recycled],
    },
    {
      title: '[B12] is Failed when no plugin can empty it',
      volumes: [volume('v', { ...released, source: nfs })],
      out: ['v Failed to gone c (controller) because: VolumeFailedRecycle: No recycler plugin found for the volume!'],
      events: ['v Warning VolumeFailedRecycle No recycler plugin found for the volume!'],
    },
    {
      title: '[B12] waits while pods may use it, and is emptied when they are gone',
      volumes: [volume('v', released)],
      pods: [podDraft('p', 'c')],
      later: async (world) => {
        await noRecycler(world);
        await world.client.delete(pods, { namespace: 'default', name: 'p' });
        await world.plane.clock.settle();
        await succeed(world);
      },
      out: ['v Available'],
      events: ['v Normal VolumeFailedRecycle Volume is used by pods: default/p', recycled],
    },
    {
      title: '[B12] names every pod that may use it',
      volumes: [volume('v', released)],
      pods: [podDraft('p', 'c'), podDraft('o', 'c'), podDraft('elsewhere', 'd')],
      out: ['v Released to gone c (controller)'],
      events: ['v Normal VolumeFailedRecycle Volume is used by pods: default/o,default/p'],
      check: noRecycler,
    },
    {
      title: '[B12] is emptied although a pod uses a new claim of the same name',
      volumes: [volume('v', released)],
      claims: [claim('c')],
      pods: [podDraft('p', 'c')],
      later: succeed,
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      events: ['c Normal FailedBinding', recycled],
    },
    {
      title: '[B12] [rel-B6] is not emptied while its claim lives',
      volumes: [volume('v', { to: 'c', policy: 'Recycle', controller: true, phase: 'Released' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      check: noRecycler,
    },
    {
      title: '[rel-B5] is no longer emptied when its policy becomes Retain: the pod is stopped',
      volumes: [volume('v', released)],
      later: async (world) => {
        expect(await world.recycler('v')).toBeDefined();
        await world.patchVolume('v', { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
      },
      out: ['v Released to gone c (controller)'],
      check: noRecycler,
    },
    {
      title: '[B12] is no longer emptied when an administrator gives it to another claim: the pod is stopped',
      volumes: [volume('v', released)],
      claims: [claim('d')],
      later: async (world) => {
        const { metadata } = await world.claim('d');
        await world.patchVolume('v', { spec: { claimRef: { name: 'd', uid: metadata.uid } } });
      },
      out: ['v Bound to d (controller)', 'd Bound on v (controller) 1Gi'],
      events: ['d Normal FailedBinding'],
      check: noRecycler,
    },
    {
      title: '[B12] that is deleted takes its pod with it',
      volumes: [volume('v', released)],
      later: (world) => world.removeVolume('v'),
      out: [],
      check: noRecycler,
    },
    {
      title: '[B12] is emptied in the end when reading it fails at first',
      volumes: [volume('v', released)],
      faults: [{ call: 'get PersistentVolume', reason: 'InternalError' }],
      later: async (world) => {
        await world.plane.clock.advance(1000);
        await succeed(world);
      },
      out: ['v Available'],
      events: [recycled],
    },
    {
      title: '[B12] is Failed when the pod cannot be created, and tried again',
      volumes: [volume('v', released)],
      faults: [{ call: 'create Pod', reason: 'InternalError' }],
      later: async (world) => {
        await world.plane.clock.advance(1000);
        await succeed(world);
      },
      out: ['v Available'],
      events: [`${failed}unexpected error creating recycler pod:  injected`, recycled],
    },
    {
      title: '[B12] is emptied once more when it could not be made available',
      volumes: [volume('v', released)],
      faults: [{ call: 'update PersistentVolume', reason: 'Conflict' }],
      later: async (world) => {
        await succeed(world);
        await world.plane.clock.advance(1000);
        await succeed(world);
      },
      out: ['v Available'],
      events: [recycled],
    },
  ]);
});
