/** Upstream: volume/pvcprotection. Each case runs twice: with all of it there when the controller starts, and coming after. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Draft, namespaces, type Pod, persistentVolumeClaims, pods } from '../../src/api/index.ts';
import { startClaimProtectionController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, type Kill, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft } from './support/objects.ts';
import { refusingClient } from './support/refusing-client.ts';

const component = 'pvc-protection-controller';
const finalizer = 'kubernetes.io/pvc-protection';
const disk = { namespace: 'default', name: 'web-disk' };
const bare = { type: 'merge', body: { metadata: { finalizers: null } } } as const;

interface Placed {
  readonly name?: string;
  readonly namespace?: string;
  /** '' has no node. */
  readonly node?: string;
  readonly phase?: string;
  readonly volumes?: readonly string[];
}

interface World {
  readonly plane: ControlPlane;
  place(pod: Placed): Promise<Pod>;
  remove(name?: string): Promise<void>;
  /** Deletes the claim; what protects it lets it stay. */
  deleteClaim(): Promise<void>;
}

interface Case {
  readonly title: string;
  /** Whether the claim came without protection. */
  readonly isBare?: boolean;
  readonly isEphemeral?: boolean;
  readonly pods?: readonly Placed[];
  readonly isDeleted?: boolean;
  /** Pods never reach the controller's cache. */
  readonly isLate?: boolean;
  /** So many writes are refused first. */
  readonly refusals?: number;
  afterwards?(world: World): Promise<void>;
  readonly expected: 'gone' | 'kept' | 'protected';
}

const claimed = 'claim:web-disk';
const ephemeral = 'ephemeral:disk';
const scheduled = { node: 'n1', volumes: [claimed] };
const unscheduled = { node: '', volumes: [claimed] };
const inUse = { isDeleted: true, pods: [scheduled] };

const cases: readonly Case[] = [
  { title: '[C1] a claim without protection gets it', isBare: true, expected: 'protected' },
  { title: '[C1] a claim with protection is left alone', expected: 'protected' },
  { title: '[C1] a refused protection is tried again', isBare: true, refusals: 2, expected: 'protected' },
  { title: '[C1] a claim in use that is not deleted is left alone', pods: [scheduled], expected: 'protected' },
  { title: '[C1] a deleted claim goes when nobody uses it', isDeleted: true, expected: 'gone' },
  { title: '[C1] a refused release is tried again', isDeleted: true, refusals: 2, expected: 'gone' },
  { title: '[C1] [rel-I4] a deleted claim stays while a pod on a node uses it', ...inUse, expected: 'kept' },
  {
    title: '[C1] a deleted claim goes although a pod uses another claim and a directory',
    isDeleted: true,
    pods: [{ node: 'n1', volumes: ['claim:other', 'emptyDir'] }],
    expected: 'gone',
  },
  {
    title: '[C1] a deleted claim goes although a pod of another namespace uses one of its name',
    isDeleted: true,
    pods: [{ ...scheduled, namespace: 'other' }],
    expected: 'gone',
  },
  {
    title: '[C1] [rel-I4] a pod that has failed and still exists keeps the claim',
    isDeleted: true,
    pods: [{ ...scheduled, phase: 'Failed' }],
    expected: 'kept',
  },
  {
    title: '[C1] [rel-I4] a pod that has succeeded and still exists keeps the claim',
    isDeleted: true,
    pods: [{ ...scheduled, phase: 'Succeeded' }],
    expected: 'kept',
  },
  {
    title: '[C1] [rel-I4] a pod that is not in the cache yet keeps the claim',
    ...inUse,
    isLate: true,
    expected: 'kept',
  },
  {
    title: '[C1] [rel-L6] a claim goes in the end although its pod came and went unseen by the cache',
    ...inUse,
    isLate: true,
    afterwards: ({ remove }) => remove(),
    expected: 'gone',
  },
  { title: '[C1] a pod without a node keeps no claim', isDeleted: true, pods: [unscheduled], expected: 'gone' },
  {
    title: '[C1] one pod of two is enough',
    isDeleted: true,
    pods: [unscheduled, { ...scheduled, name: 'second' }],
    expected: 'kept',
  },
  {
    title: '[C1] the second of two pods still keeps it',
    isDeleted: true,
    pods: [scheduled, { ...scheduled, name: 'second' }],
    afterwards: ({ remove }) => remove(),
    expected: 'kept',
  },
  {
    title: '[C1] a claim goes with the last pod that used it',
    isDeleted: true,
    pods: [scheduled, { ...scheduled, name: 'second' }],
    afterwards: async ({ remove }) => {
      await remove();
      await remove('second');
    },
    expected: 'gone',
  },
  {
    title: '[C1] a pod that begins to run changes nothing',
    ...inUse,
    afterwards: async ({ plane }) => {
      const pod = await plane.client.get(pods, { namespace: 'default', name: 'web' });
      await plane.client.updateStatus(pods, { ...pod, status: { phase: 'Running' } });
    },
    expected: 'kept',
  },
  {
    title: '[C1] [rel-I4] a pod that ends changes nothing',
    ...inUse,
    afterwards: async ({ plane }) => {
      const pod = await plane.client.get(pods, { namespace: 'default', name: 'web' });
      await plane.client.updateStatus(pods, { ...pod, status: { phase: 'Succeeded' } });
    },
    expected: 'kept',
  },
  {
    title: '[C1] [rel-I4] a pod that is being deleted keeps the claim until it is gone',
    ...inUse,
    afterwards: async ({ plane }) => {
      await plane.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 30 });
    },
    expected: 'kept',
  },
  {
    title: '[C1] a claim goes when its pod is removed',
    ...inUse,
    afterwards: ({ remove }) => remove(),
    expected: 'gone',
  },
  {
    title: '[C1] [rel-I4] a pod that is made while the last one goes keeps the claim too',
    ...inUse,
    afterwards: async ({ plane, remove, place }) => {
      await Promise.all([remove(), place({ ...scheduled, name: 'next' })]);
      await plane.clock.settle();
    },
    expected: 'kept',
  },
  {
    title: '[C1] a pod that follows under the same name without the claim lets it go',
    ...inUse,
    afterwards: async ({ remove, place }) => {
      await remove();
      await place({ node: 'n1', volumes: ['emptyDir'] });
    },
    expected: 'gone',
  },
  {
    title: '[C1] a claim that is not deleted stays when its pod is replaced',
    pods: [scheduled],
    afterwards: async ({ remove, place }) => {
      await remove();
      await place({ node: 'n1', volumes: ['emptyDir'] });
    },
    expected: 'protected',
  },
  {
    title: '[C1] [rel-I4] a pod that gets its node before the claim is deleted keeps it',
    pods: [unscheduled],
    afterwards: async ({ plane, deleteClaim }) => {
      const binding = { target: { apiVersion: 'v1', kind: 'Node', name: 'n1' } };
      await plane.client.createSubresource(pods, { namespace: 'default', name: 'web' }, 'binding', binding);
      await deleteClaim();
    },
    expected: 'kept',
  },
  {
    title: '[C1] [rel-I4] a pod made at the moment the claim is deleted keeps it when it has a node',
    afterwards: async ({ place, deleteClaim }) => {
      await Promise.all([place(scheduled), deleteClaim()]);
    },
    expected: 'kept',
  },
  {
    title: '[C1] [rel-I4] an ephemeral volume keeps the claim that was made for its pod',
    isEphemeral: true,
    isDeleted: true,
    pods: [{ node: 'n1', volumes: [ephemeral] }],
    expected: 'kept',
  },
  {
    title: '[C1] an ephemeral volume of a pod without a node keeps nothing',
    isEphemeral: true,
    isDeleted: true,
    pods: [{ node: '', volumes: [ephemeral] }],
    expected: 'gone',
  },
  {
    title: '[C1] an ephemeral volume keeps no claim that only has its name',
    isDeleted: true,
    pods: [{ node: 'n1', volumes: [ephemeral] }],
    expected: 'gone',
  },
  {
    title: '[C1] [rel-I4] an ephemeral claim that another pod names is kept by that pod',
    isEphemeral: true,
    isDeleted: true,
    pods: [
      { node: '', volumes: [ephemeral] },
      { ...scheduled, name: 'second' },
    ],
    expected: 'kept',
  },
  {
    title: '[C1] an ephemeral claim goes with its pod',
    isEphemeral: true,
    isDeleted: true,
    pods: [{ node: 'n1', volumes: [ephemeral] }],
    afterwards: ({ remove }) => remove(),
    expected: 'gone',
  },
  {
    title: '[C1] [rel-I4] an ephemeral claim is kept by a pod that ended',
    isEphemeral: true,
    isDeleted: true,
    pods: [{ node: 'n1', volumes: [ephemeral], phase: 'Failed' }],
    expected: 'kept',
  },
  { title: '[C1] a claim in use without protection gets it', isBare: true, pods: [scheduled], expected: 'protected' },
  {
    title: '[C1] [rel-I4] an ephemeral volume that is not in the cache yet keeps its claim',
    isEphemeral: true,
    isDeleted: true,
    isLate: true,
    pods: [{ node: 'n1', volumes: [ephemeral] }],
    expected: 'kept',
  },
  {
    title: '[C1] a pod without a node keeps nothing, in the cache or not',
    isDeleted: true,
    isLate: true,
    pods: [unscheduled],
    expected: 'gone',
  },
  {
    title: '[C1] a release that is refused after the last pod went is tried again',
    ...inUse,
    refusals: 2,
    afterwards: ({ remove }) => remove(),
    expected: 'gone',
  },
  {
    title: '[C1] a claim goes when the pod that ended is removed',
    isDeleted: true,
    pods: [{ ...scheduled, phase: 'Succeeded' }],
    afterwards: ({ remove }) => remove(),
    expected: 'gone',
  },
  {
    title: '[C1] [rel-I4] a pod that uses other things too keeps the claim',
    isDeleted: true,
    pods: [{ node: 'n1', volumes: ['claim:other', claimed, 'directory'] }],
    expected: 'kept',
  },
  {
    title: '[C1] pods of another namespace and without a node keep nothing together',
    isDeleted: true,
    pods: [unscheduled, { ...scheduled, name: 'second', namespace: 'other' }],
    expected: 'gone',
  },
];

function podDraft({ name = 'web', namespace = 'default', node = '', volumes = [] }: Placed): Draft<Pod> {
  const template = { spec: claimDraft('x', '').spec };
  return {
    metadata: { namespace, name },
    spec: {
      containers: [{ name: 'main', image: 'busybox' }],
      ...(node ? { nodeName: node } : {}),
      volumes: volumes.map((text) => {
        const [kind, of = ''] = text.split(':');
        if (kind === 'claim') return { name: of, persistentVolumeClaim: { claimName: of } };
        // A template carries no identity; the type asks for more than the server does.
        if (kind === 'ephemeral') return { name: of, ephemeral: { volumeClaimTemplate: template as never } };
        return { name: 'scratch', emptyDir: {} };
      }),
    },
  };
}

describe('the claim protection controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(namespaces, { metadata: { name: 'other' }, spec: {} });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const world = {
    async place(placed: Placed): Promise<Pod> {
      const pod = await plane.client.create(pods, podDraft(placed));
      return placed.phase ? await plane.client.updateStatus(pods, { ...pod, status: { phase: placed.phase } }) : pod;
    },
    async remove(name = 'web') {
      await plane.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
    },
    async deleteClaim() {
      await plane.client.delete(persistentVolumeClaims, disk);
    },
  };

  async function setUp({ isBare, isEphemeral, isDeleted, pods: placed = [] }: Case) {
    const made: Pod[] = [];
    for (const pod of placed) made.push(await world.place(pod));
    const [owner] = made;
    const draft = claimDraft('web-disk', '');
    const reference = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: owner?.metadata.uid ?? '', controller: true };
    const ownerReferences = isEphemeral ? [reference] : [];
    await plane.client.create(persistentVolumeClaims, {
      ...draft,
      metadata: { ...draft.metadata, ownerReferences },
    });
    if (isBare) await plane.client.patch(persistentVolumeClaims, disk, bare);
    if (isDeleted) await world.deleteClaim();
  }

  const clientFor = ({ isLate, refusals = 0 }: Case) => {
    const client = refusingClient(plane.clientOf(component), 'PersistentVolumeClaim', refusals);
    return isLate ? blindClient(client, 'Pod') : client;
  };

  async function outcome() {
    await plane.clock.advance(60_000);
    const claim = await plane.get(persistentVolumeClaims, disk);
    if (!claim) return 'gone';
    expect(claim.metadata.finalizers).toEqual([finalizer]);
    return claim.metadata.deletionTimestamp ? 'kept' : 'protected';
  }

  describe.each(['before', 'after'])('[C1] [rel-I4] [rel-L6] started %s', (when) => {
    it.each(cases.map((one) => [one.title, one] as const))('%s', async (_title, one) => {
      const start = () => startOn(plane, component, startClaimProtectionController, clientFor(one));
      if (when === 'before') await start();
      await setUp(one);
      if (when === 'after') await start();
      await plane.clock.settle();
      await one.afterwards?.({ plane, ...world });
      expect(await outcome()).toBe(one.expected);
    });
  });

  it('[rel-L12] writes nothing at rest', async () => {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await startOn(plane, component, startClaimProtectionController, mortal.client);
    await setUp({ title: '', ...inUse, expected: 'kept' });
    await plane.clock.advance(30 * 60_000);
    expect(mortal.writes).toEqual([]);
  });

  describe('[rel-L10] killed before and after every write', () => {
    it.each<Kill>([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await startOn(plane, component, startClaimProtectionController, mortal.client);
      await setUp({ title: '', isBare: true, pods: [scheduled], expected: 'protected' });
      await plane.clock.settle();
      await plane.client.delete(persistentVolumeClaims, disk).catch(() => {});
      await plane.clock.settle();
      await world.remove();
      await plane.clock.settle();
      await first[Symbol.asyncDispose]();
      await startOn(plane, component, startClaimProtectionController);
      expect(await outcome()).toBe('gone');
    });
  });
});
