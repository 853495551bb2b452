import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  nodes,
  persistentVolumes,
  priorityClasses,
  storageClasses,
  volumeAttachments,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { classDraft, nodeDraft, volumeDraft } from './support/objects.ts';
import { ScheduledVolumes } from './support/scheduled-volumes.ts';

const zone = 'topology.kubernetes.io/zone';
const backoffMs = 20_000;

let world: ScheduledVolumes;

beforeEach(async () => {
  world = await ScheduledVolumes.start();
  await world.run();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const create: Client['create'] = (type, object, options) => world.plane.client.create(type, object, options);
const merge = (body: object) => ({ type: 'merge', body }) as const;

/** What keeps the pod `user` with claim `a` of class `new` from n1, and what lets it in: it is placed without delay. */
const rows: readonly { title: string; before: () => Promise<unknown>; told: string; event: () => Promise<unknown> }[] =
  [
    {
      title: 'the claim comes',
      before: () => create(storageClasses, classDraft('new')),
      told: 'persistentvolumeclaim "a" not found',
      event: () => world.createClaim('a', 'new'),
    },
    {
      title: 'its class comes',
      before: () => world.createClaim('a', 'new'),
      told: 'pod has unbound immediate PersistentVolumeClaims',
      event: () => create(storageClasses, classDraft('new')),
    },
    {
      title: 'a volume comes',
      before: async () => {
        await create(storageClasses, classDraft('new', undefined, 'kubernetes.io/no-provisioner'));
        await world.createClaim('a', 'new');
      },
      told: "1 node(s) didn't find available persistent volumes to bind",
      event: () => world.createVolume('v', 'new'),
    },
    {
      title: 'a node is labelled',
      before: async () => {
        const allowedTopologies = [{ matchLabelExpressions: [{ key: zone, values: ['z'] }] }];
        await create(storageClasses, { ...classDraft('new'), allowedTopologies });
        await world.createClaim('a', 'new');
      },
      told: "1 node(s) didn't find available persistent volumes to bind",
      event: () => world.plane.client.patch(nodes, { name: 'n1' }, merge({ metadata: { labels: { [zone]: 'z' } } })),
    },
    {
      title: 'room is published',
      before: () => checkedClass(),
      told: '1 node(s) did not have enough free storage',
      event: () => create(csiStorageCapacities, { metadata: { namespace: 'default', name: 's' }, ...room('2Gi') }),
    },
    {
      title: 'more room is published',
      before: async () => {
        await checkedClass();
        await create(csiStorageCapacities, { metadata: { namespace: 'default', name: 's' }, ...room('1Mi') });
      },
      told: '1 node(s) did not have enough free storage',
      event: () =>
        world.plane.client.patch(csiStorageCapacities, { namespace: 'default', name: 's' }, merge({ capacity: '2Gi' })),
    },
    {
      title: 'the driver no longer asks for its capacity to be checked',
      before: () => checkedClass(),
      told: '1 node(s) did not have enough free storage',
      event: () =>
        world.plane.client.patch(csiDrivers, { name: 'fake.csi' }, merge({ spec: { storageCapacity: false } })),
    },
    {
      title: 'the node takes more volumes',
      before: () => limitedNode(0),
      told: '1 node(s) exceed max volume count',
      event: () => world.plane.client.patch(csiNodes, { name: 'n1' }, merge(driversOf(1))),
    },
    {
      title: 'a volume leaves the node',
      before: async () => {
        await limitedNode(1);
        const spec = { ...volumeDraft('old', 'new').spec, csi: { driver: 'fake.csi', volumeHandle: 'old' } };
        const { hostPath: _none, ...csiSpec } = spec;
        await create(persistentVolumes, { metadata: { name: 'old' }, spec: csiSpec });
        const source = { persistentVolumeName: 'old' };
        await create(volumeAttachments, {
          metadata: { name: 'va' },
          spec: { attacher: 'fake.csi', nodeName: 'n1', source },
        });
      },
      told: '1 node(s) exceed max volume count',
      event: () => world.plane.client.delete(volumeAttachments, { name: 'va' }),
    },
    {
      title: 'a pod leaves the node',
      before: async () => {
        await limitedNode(1);
        await world.createClaim('first', 'new');
        await world.createPod('first', ['first']);
      },
      told: '1 node(s) exceed max volume count',
      event: () => world.deletePod('first'),
    },
    {
      title: 'the driver comes to the node',
      before: async () => {
        await create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { preventPodSchedulingIfMissing: true } });
        await create(csiNodes, { metadata: { name: 'n1' }, spec: { drivers: [] } });
        await create(storageClasses, classDraft('new'));
        await world.createClaim('a', 'new');
      },
      told: '1 fake.csi CSI driver is not installed on the node',
      event: () => world.plane.client.patch(csiNodes, { name: 'n1' }, merge(driversOf(5))),
    },
  ];

function room(capacity: string) {
  return { storageClassName: 'new', nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'n1' } }, capacity };
}

async function checkedClass() {
  await create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { storageCapacity: true } });
  await create(storageClasses, classDraft('new'));
  await world.createClaim('a', 'new');
}

function driversOf(count: number) {
  return { spec: { drivers: [{ name: 'fake.csi', nodeID: 'n1', allocatable: { count } }] } };
}

async function limitedNode(count: number) {
  await create(csiNodes, { metadata: { name: 'n1' }, ...driversOf(count) });
  await create(storageClasses, classDraft('new'));
  await world.createClaim('a', 'new');
}

describe('a pod that its volumes keep waiting', () => {
  it.each(rows)('[H10] is placed when $title', async ({ before, told, event }) => {
    await before();
    await world.createPod('user', ['a']);
    await world.plane.clock.advance(2000);
    expect((await world.warningsOf('user')).at(-1)).toContain(told);
    await event();
    await world.plane.clock.advance(backoffMs);
    const placed =
      (await world.selectedFor('a')) ?? ((await world.ownerOf('v').catch(() => undefined)) === 'a' ? 'n1' : undefined);
    expect(placed).toBe('n1');
  });
});

describe('the volumes that a node takes', () => {
  it('[rel-H2] are not exceeded by pods that come at the same moment', async () => {
    await create(nodes, nodeDraft('n2'));
    for (const name of ['n1', 'n2']) {
      const drivers = [{ name: 'fake.csi', nodeID: name, allocatable: { count: 2 } }];
      await create(csiNodes, { metadata: { name }, spec: { drivers } });
    }
    await create(storageClasses, classDraft('new'));
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await world.createClaim(name, 'new');
    await Promise.all(names.map((name) => world.createPod(name, [name])));
    const selected = await Promise.all(names.map((name) => world.selectedFor(name)));
    expect(selected.toSorted()).toEqual(['n1', 'n1', 'n2', 'n2', undefined]);
    const left = names[selected.indexOf(undefined)] ?? '';
    expect((await world.warningsOf(left))[0]).toContain('2 node(s) exceed max volume count');
  });
});

describe('a claim for one pod alone', () => {
  const only = { accessModes: ['ReadWriteOncePod'] };
  const inUse =
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';

  beforeEach(async () => {
    await create(nodes, nodeDraft('n2'));
    for (const [name, value] of Object.entries({ low: 10, high: 1000 })) {
      await create(priorityClasses, { metadata: { name }, value });
    }
    await world.createVolume('v', 'any', { ...only, node: 'n1' });
    await world.createClaim('a', 'any', only);
    await world.bind('a', 'v');
    await world.createPod('first', ['a'], { priorityClassName: 'low' });
    expect(await world.nodeOf('first')).toBe('n1');
  });

  it('[H8] keeps a second pod away from every node until the first is gone', async () => {
    await world.createPod('second', ['a'], { priorityClassName: 'low' });
    expect((await world.warningsOf('second'))[0]).toContain(`2 ${inUse}`);
    await world.deletePod('first');
    await world.plane.clock.advance(backoffMs);
    expect(await world.nodeOf('second')).toBe('n1');
  });

  it('[H8][U1] is taken from a less important pod', async () => {
    await world.createPod('second', ['a'], { priorityClassName: 'high' });
    expect(await world.plane.eventsOf('first')).toContainEqual(
      expect.stringContaining('Normal Preempted Preempted by pod'),
    );
    // Its node lets it go.
    await world.deletePod('first');
    await world.plane.clock.advance(backoffMs);
    expect(await world.nodeOf('second')).toBe('n1');
  });
});
