/** Upstream: volume/ephemeral. Each case of the table runs twice: with all of it there at the start, and coming after. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Draft, nodes, type Pod, persistentVolumeClaims, pods } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import {
  startClaimProtectionController,
  startEphemeralVolumeController,
  startGarbageCollector,
} from '../../src/controllers/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, type Kill, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft, nodeDraft, podDraft } from './support/objects.ts';

const component = 'ephemeral_volume';
const key = { namespace: 'default', name: 'web-scratch' };
const free = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
const conflict = (volume: string) =>
  `Warning FailedBinding ephemeral volume ${volume}: PVC default/web-${volume} was not created for pod default/web (pod is not owner)`;

function ephemeralPod(...volumes: readonly string[]): Draft<Pod> {
  const draft = podDraft('web');
  const template = {
    metadata: { labels: { app: 'web' }, annotations: { note: 'x' } },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'std', resources: { requests: { storage: '1Gi' } } },
  };
  return {
    ...draft,
    spec: {
      ...draft.spec,
      volumes: volumes.map((name) =>
        // A template carries no identity; the type asks for more than the server does.
        name === 'tmp' ? { name, emptyDir: {} } : { name, ephemeral: { volumeClaimTemplate: template as never } },
      ),
    },
  };
}

interface Case {
  readonly title: string;
  readonly volumes: readonly string[];
  readonly node?: string;
  readonly isEnding?: boolean;
  /** Whose the claim web-scratch is that is there already. */
  readonly claimOf?: 'pod' | 'earlierPod' | 'nobody';
  /** Claims never reach the controller's cache. */
  readonly isLate?: boolean;
  /** The claims that the pod owns in the end. */
  readonly owned: readonly string[];
  readonly events?: readonly string[];
}

const cases: readonly Case[] = [
  { title: '[F1] a pod without a node gets its claim', volumes: ['scratch'], owned: ['web-scratch'] },
  { title: '[F1] a pod with a node gets its claim', volumes: ['scratch'], node: 'n1', owned: ['web-scratch'] },
  { title: '[F1] a pod gets one claim per volume', volumes: ['a', 'tmp', 'b'], owned: ['web-a', 'web-b'] },
  { title: '[F1] a pod without such volumes gets none', volumes: ['tmp'], owned: [] },
  { title: '[F1] a pod that is being deleted gets none', volumes: ['scratch'], isEnding: true, owned: [] },
  { title: '[F1] a claim that is there is left alone', volumes: ['scratch'], claimOf: 'pod', owned: ['web-scratch'] },
  {
    title: '[F1] [rel-I1] a claim of an earlier pod is not taken over',
    volumes: ['scratch'],
    claimOf: 'earlierPod',
    owned: [],
    events: [conflict('scratch')],
  },
  {
    title: '[F1] [rel-I1] a claim of nobody is not taken over',
    volumes: ['scratch'],
    claimOf: 'nobody',
    owned: [],
    events: [conflict('scratch')],
  },
  {
    title: '[F1] [rel-I1] a conflict of one volume does not keep the others from their claims',
    volumes: ['scratch', 'b'],
    claimOf: 'nobody',
    owned: ['web-b'],
    events: [conflict('scratch')],
  },
  {
    title: '[F1] a claim that is there and not in the cache is its own',
    volumes: ['scratch'],
    claimOf: 'pod',
    isLate: true,
    owned: ['web-scratch'],
  },
  {
    title: "[F1] [rel-I1] a claim that is there and not in the cache is somebody else's",
    volumes: ['scratch'],
    claimOf: 'nobody',
    isLate: true,
    owned: [],
    events: [conflict('scratch')],
  },
];

describe('the ephemeral volume controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startEphemeralVolumeController, client);
  const create = async (draft: Draft<Pod>) => {
    const pod = await plane.client.create(pods, draft);
    await plane.clock.settle();
    return pod;
  };
  const claimNames = async (pod: Pod) => {
    const { items } = await plane.client.list(persistentVolumeClaims);
    const owned = items.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid));
    return owned.map(({ metadata }) => metadata.name).sort();
  };
  const removeClaim = async () => {
    await plane.client.patch(persistentVolumeClaims, key, free);
    await plane.client.delete(persistentVolumeClaims, key);
    await plane.clock.settle();
  };

  /** What is there already holds the pod back from the controller: it is made with its claim in place. */
  async function setUp({ volumes, node, isEnding, claimOf }: Case): Promise<Pod> {
    const draft = ephemeralPod(...volumes);
    const finalizers = isEnding ? ['test/hold'] : [];
    const metadata = { ...draft.metadata, finalizers };
    const spec = { ...draft.spec, ...(node ? { nodeName: node } : {}) };
    if (claimOf === 'nobody' || claimOf === 'earlierPod') await createClaim(claimOf === 'nobody' ? undefined : 'gone');
    const pod = await plane.client.create(pods, { metadata, spec: spec as never });
    if (claimOf === 'pod') await createClaim(pod.metadata.uid);
    if (isEnding) await plane.client.delete(pods, { namespace: 'default', name: 'web' });
    return pod;
  }
  async function createClaim(podUid: string | undefined) {
    const draft = claimDraft('web-scratch', '');
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: podUid ?? '', controller: true };
    const metadata = { ...draft.metadata, ownerReferences: podUid === undefined ? [] : [owner] };
    await plane.client.create(persistentVolumeClaims, { ...draft, metadata });
  }

  describe.each(['before', 'after'])('[F1] [rel-I1] started %s', (when) => {
    // A pod that ends at the moment it is made may have had its claim by then.
    const told = cases.filter(({ isEnding, claimOf }) => when === 'after' || (!isEnding && claimOf !== 'pod'));
    it.each(told.map((one) => [one.title, one] as const))('%s', async (_title, one) => {
      const own = plane.clientOf(component);
      const begin = () => start(one.isLate ? blindClient(own, 'PersistentVolumeClaim') : own);
      if (when === 'before') await begin();
      const pod = await setUp(one);
      if (when === 'after') await begin();
      await plane.clock.advance(10 * 60_000);
      expect(await claimNames(pod)).toEqual(one.owned);
      expect(await plane.eventsOf('web')).toEqual(one.events ?? []);
    });
  });

  it('[F1] gives the claim what the template says, and makes it again when it vanishes', async () => {
    await start();
    const pod = await create(ephemeralPod('scratch'));
    const claim = await plane.client.get(persistentVolumeClaims, key);
    expect(claim.metadata).toMatchObject({ labels: { app: 'web' }, annotations: { note: 'x' } });
    expect(claim.spec).toMatchObject({ storageClassName: 'std', resources: { requests: { storage: '1Gi' } } });
    expect(claim.metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid, controller: true, blockOwnerDeletion: true },
    ]);
    await removeClaim();
    const again = await plane.client.get(persistentVolumeClaims, key);
    expect(again.metadata.uid).not.toBe(claim.metadata.uid);
  });

  it('[F1] [rel-I1] tells the pod of a claim that is not its own once, and makes its own when there is room', async () => {
    await start();
    await plane.client.create(persistentVolumeClaims, claimDraft('web-scratch', ''));
    await create(ephemeralPod('scratch'));
    await plane.clock.advance(10 * 60_000);
    expect(await plane.eventsOf('web')).toEqual([conflict('scratch')]);
    await removeClaim();
    expect((await plane.client.get(persistentVolumeClaims, key)).metadata.ownerReferences?.length).toBe(1);
  });

  it('[F1] makes nothing again for a pod that is being deleted', async () => {
    await start();
    const draft = ephemeralPod('scratch');
    await create({ ...draft, metadata: { ...draft.metadata, finalizers: ['test/hold'] } });
    await plane.client.delete(pods, { namespace: 'default', name: 'web' });
    await plane.clock.settle();
    await removeClaim();
    expect(await plane.get(persistentVolumeClaims, key)).toBeUndefined();
  });

  it('[F2] goes with its pod', async () => {
    await start();
    await startOn(plane, 'garbage-collector-controller', startGarbageCollector);
    await startOn(plane, 'pvc-protection-controller', startClaimProtectionController);
    await create(ephemeralPod('scratch'));
    await plane.client.delete(pods, { namespace: 'default', name: 'web' });
    await plane.clock.advance(60_000);
    expect(await plane.get(persistentVolumeClaims, key)).toBeUndefined();
  });

  describe('the scheduler', () => {
    beforeEach(async () => {
      const { client, informers, clock, logger } = plane;
      const recorder = plane.recorder('default-scheduler');
      const scheduler = plane.use(new Scheduler({ client, informers, recorder, clock, logger }));
      await plane.run();
      scheduler.start();
      await plane.client.create(nodes, nodeDraft('n1'));
    });
    const schedulingMessage = async () =>
      (await plane.eventsOf('web')).find((text) => text.includes('FailedScheduling'));

    it('[F2] waits for the claim of an ephemeral volume', async () => {
      await create(ephemeralPod('scratch'));
      expect(await schedulingMessage()).toContain(
        '0/1 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "web-scratch".',
      );
    });

    it('[F2] [rel-I1] does not place a pod whose claim is not its own', async () => {
      await plane.client.create(persistentVolumeClaims, claimDraft('web-scratch', ''));
      await create(ephemeralPod('scratch'));
      expect(await schedulingMessage()).toContain(
        'PVC default/web-scratch was not created for pod default/web (pod is not owner)',
      );
      expect((await plane.client.get(pods, { namespace: 'default', name: 'web' })).spec.nodeName).toBeUndefined();
    });
  });

  it('[rel-L12] writes nothing at rest', async () => {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await start(mortal.client);
    await create(ephemeralPod('a', 'b'));
    await plane.clock.advance(30 * 60_000);
    expect(mortal.writes).toEqual(['create PersistentVolumeClaim', 'create PersistentVolumeClaim']);
  });

  describe('[rel-L10] killed before and after every write', () => {
    it.each<Kill>([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      const pod = await create(ephemeralPod('a', 'b'));
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(await claimNames(pod)).toEqual(['web-a', 'web-b']);
      // The recorder outlives the process in this test.
      const told = (await plane.eventsOf('web')).filter((event) => !event.endsWith(': killed'));
      expect(told).toEqual([]);
    });
  });
});
