/** Which CSIStorageCapacity objects there are, by nodes, classes and what was there before. */
import { describe, expect, it } from 'vitest';
import { csiStorageCapacities, nodes } from '../../src/api/index.ts';
import type { CapacityFlags } from '../../src/sidecars/index.ts';
import { CapacityWorld, type ObjectSketch, objectDraft, place, testOwner } from './support/capacity-world.ts';

interface Case {
  readonly title: string;
  readonly flags?: Partial<CapacityFlags>;
  /** Nodes by name, with their places. */
  readonly nodes?: Readonly<Record<string, string>>;
  readonly room?: Readonly<Record<string, string>>;
  readonly prepare?: (world: CapacityWorld) => Promise<void>;
  readonly classes?: readonly string[];
  readonly present?: readonly ObjectSketch[];
  readonly expected: readonly string[];
  /** How many writes that takes. */
  readonly writes: number;
}

const inFoo = { [place]: 'foo' };
const inBar = { [place]: 'bar' };
const oneNode = { n1: 'foo' };
const twoPlaces = { n1: 'foo', n2: 'bar' };
const otherOwner = { ...testOwner, name: 'another', uid: '7cbf2f2a-4d1f-4a58-9dc1-7b6a36b9f0aa' };

const atStart: readonly Case[] = [
  { title: 'nothing, with neither nodes nor classes', expected: [], writes: 0 },
  { title: 'nothing, without classes', nodes: oneNode, expected: [], writes: 0 },
  { title: 'nothing, without nodes', classes: ['c'], expected: [], writes: 0 },
  { title: 'one, for a segment and a class', nodes: oneNode, classes: ['c'], expected: ['c foo 1Gi'], writes: 1 },
  {
    title: 'its owner, when it has one',
    flags: { owner: testOwner },
    nodes: oneNode,
    classes: ['c'],
    expected: ['c foo 1Gi of test-driver'],
    writes: 1,
  },
  {
    title: 'the largest volume, when the driver tells it',
    nodes: oneNode,
    room: { foo: '1Gi,1Mi' },
    classes: ['c'],
    expected: ['c foo 1Gi,1Mi'],
    writes: 1,
  },
  {
    title: 'that nothing is left, too',
    nodes: oneNode,
    room: { foo: '0,0' },
    classes: ['c'],
    expected: ['c foo 0,0'],
    writes: 1,
  },
  { title: 'none for classes that bind at once', nodes: oneNode, classes: ['now!'], expected: [], writes: 0 },
  {
    title: 'those as well, when asked to',
    flags: { forImmediateBinding: true },
    nodes: oneNode,
    classes: ['now!'],
    expected: ['now foo 1Gi'],
    writes: 1,
  },
  {
    title: 'the other classes beside one that binds at once',
    nodes: oneNode,
    classes: ['a!', 'b'],
    expected: ['b foo 1Gi'],
    writes: 1,
  },
  { title: 'none for classes of other drivers', nodes: oneNode, classes: ['c@other.csi'], expected: [], writes: 0 },
  {
    title: 'one for two nodes with the same storage',
    nodes: { n1: 'foo', n2: 'foo' },
    classes: ['c'],
    expected: ['c foo 1Gi'],
    writes: 1,
  },
  {
    title: 'each segment and class, with the parameters of the class',
    nodes: twoPlaces,
    classes: ['direct', 'triple*3'],
    expected: ['direct bar 2Gi', 'direct foo 1Gi', 'triple bar 6Gi', 'triple foo 3Gi'],
    writes: 4,
  },
  {
    title: 'what is there and right, without a write',
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi' }],
    expected: ['c foo 1Gi'],
    writes: 0,
  },
  {
    title: 'what is there and right although written in another way, without a write',
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1073741824' }],
    expected: ['c foo 1073741824'],
    writes: 0,
  },
  {
    title: 'what is there with another capacity',
    nodes: oneNode,
    room: { foo: '2Gi' },
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi' }],
    expected: ['c foo 2Gi'],
    writes: 1,
  },
  {
    title: 'what is there with another largest volume',
    nodes: oneNode,
    room: { foo: '1Gi,2Mi' },
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi,1Mi' }],
    expected: ['c foo 1Gi,2Mi'],
    writes: 1,
  },
  {
    title: 'what is there with a largest volume that the driver no longer tells',
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi,1Mi' }],
    expected: ['c foo 1Gi'],
    writes: 1,
  },
  {
    title: 'what is there without the owner that it is to have',
    flags: { owner: testOwner },
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi' }],
    expected: ['c foo 1Gi of test-driver'],
    writes: 1,
  },
  {
    title: 'what is there with its owner, without a write',
    flags: { owner: testOwner },
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi', owner: testOwner }],
    expected: ['c foo 1Gi of test-driver'],
    writes: 0,
  },
  {
    title: 'what is there with an owner although it needs none, without a write',
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi', owner: testOwner }],
    expected: ['c foo 1Gi of test-driver'],
    writes: 0,
  },
  {
    title: 'what belonged to the controller before',
    flags: { owner: testOwner },
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi', owner: otherOwner }],
    expected: ['c foo 1Gi of test-driver'],
    writes: 1,
  },
  {
    title: 'nothing of a class that is gone',
    nodes: oneNode,
    present: [{ name: 'csisc-1', className: 'gone', segment: inFoo, capacity: '1Gi' }],
    expected: [],
    writes: 1,
  },
  {
    title: 'nothing of a segment that is gone',
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi' }],
    expected: [],
    writes: 1,
  },
  {
    title: 'nothing of a class that binds at once now',
    nodes: oneNode,
    classes: ['c!'],
    present: [{ name: 'csisc-1', className: 'c', segment: inFoo, capacity: '1Gi' }],
    expected: [],
    writes: 1,
  },
  {
    title: 'nothing without a topology',
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'csisc-1', className: 'c', capacity: '1Gi' }],
    expected: ['c foo 1Gi'],
    writes: 2,
  },
  {
    title: 'what somebody else manages, as it is',
    present: [
      {
        name: 'theirs',
        className: 'c',
        segment: inFoo,
        capacity: '5Gi',
        labels: { 'csi.storage.k8s.io/managed-by': 'manual' },
      },
    ],
    expected: ['c foo 5Gi not ours'],
    writes: 0,
  },
  {
    title: 'what nobody manages, as it is',
    nodes: oneNode,
    classes: ['c'],
    present: [{ name: 'theirs', className: 'c', segment: inFoo, capacity: '5Gi', labels: {} }],
    expected: ['c foo 1Gi', 'c foo 5Gi not ours'],
    writes: 1,
  },
  {
    title: 'what the sidecar of another driver manages, as it is',
    present: [
      {
        name: 'theirs',
        className: 'c',
        segment: inFoo,
        capacity: '5Gi',
        labels: {
          'csi.storage.k8s.io/drivername': 'other.csi',
          'csi.storage.k8s.io/managed-by': 'external-provisioner',
        },
      },
    ],
    expected: ['c foo 5Gi'],
    writes: 0,
  },
  {
    title: 'four objects that are there, brought up to date',
    nodes: twoPlaces,
    classes: ['direct', 'triple*3'],
    present: [
      { name: 'csisc-1', className: 'direct', segment: inFoo, capacity: '1Mi' },
      { name: 'csisc-2', className: 'triple', segment: inFoo, capacity: '3Mi' },
      { name: 'csisc-3', className: 'direct', segment: inBar, capacity: '2Mi' },
      { name: 'csisc-4', className: 'triple', segment: inBar, capacity: '6Mi' },
    ],
    expected: ['direct bar 2Gi', 'direct foo 1Gi', 'triple bar 6Gi', 'triple foo 3Gi'],
    writes: 4,
  },
  {
    title: 'two objects kept, two made and two deleted',
    nodes: twoPlaces,
    classes: ['direct', 'triple*3'],
    present: [
      { name: 'csisc-1', className: 'old-direct', segment: inFoo, capacity: '1Mi' },
      { name: 'csisc-2', className: 'old-triple', segment: inFoo, capacity: '3Mi' },
      { name: 'csisc-3', className: 'direct', segment: inBar, capacity: '2Mi' },
      { name: 'csisc-4', className: 'triple', segment: inBar, capacity: '6Mi' },
    ],
    expected: ['direct bar 2Gi', 'direct foo 1Gi', 'triple bar 6Gi', 'triple foo 3Gi'],
    writes: 6,
  },
];

/** `name`, `name!` for one that binds at once, `name*3` with a factor, `name@driver` of another driver. */
async function addClass(world: CapacityWorld, written: string): Promise<void> {
  const [, name = '', bang, factor, provisioner] = /^([a-z-]+)(!)?(?:\*(\d))?(?:@(.+))?$/.exec(written) ?? [];
  await world.addClass(name, bang ? 'Immediate' : 'WaitForFirstConsumer', {
    ...(factor ? { parameters: { factor } } : {}),
    ...(provisioner ? { provisioner } : {}),
  });
}

async function prepared(given: Omit<Case, 'title' | 'expected' | 'writes'>): Promise<CapacityWorld> {
  const world = await CapacityWorld.start();
  for (const [name, at] of Object.entries(given.nodes ?? {})) await world.addNode(name, at);
  for (const [at, answer] of Object.entries(given.room ?? { foo: '1Gi', bar: '2Gi' })) world.room.set(at, answer);
  for (const written of given.classes ?? []) await addClass(world, written);
  for (const sketch of given.present ?? []) await world.addObject(sketch);
  world.takeWrites();
  await world.publish(given.flags);
  return world;
}

const longestWaitMs = 30_000;

describe('published capacity at the start', () => {
  it.each(atStart)('[O14] is $title', async ({ expected, writes, ...given }) => {
    await using world = await prepared(given);
    expect(await world.shown()).toEqual(expected);
    expect(world.takeWrites()).toBe(writes);
  });
});

interface ChangeCase extends Omit<Case, 'writes'> {
  readonly change: (world: CapacityWorld) => Promise<void>;
  readonly after: readonly string[];
  /** The writes of the change itself included. */
  readonly writes: number;
}

const oneObject = { nodes: oneNode, classes: ['c'], expected: ['c foo 1Gi'] };

async function theObject(world: CapacityWorld) {
  const [object] = await world.objects();
  if (!object) throw new Error('no object');
  return object;
}

const changes: readonly ChangeCase[] = [
  {
    ...oneObject,
    title: 'is made again when somebody deletes it',
    change: async (world) => world.plane.client.delete(csiStorageCapacities, (await theObject(world)).metadata),
    after: ['c foo 1Gi'],
    writes: 2,
  },
  {
    title: 'goes when somebody makes an object that nothing is behind',
    expected: [],
    change: async (world) => void (await world.addObject({ className: 'x', segment: inFoo, capacity: '1Gi' })),
    after: [],
    writes: 2,
  },
  {
    ...oneObject,
    title: 'is one object when somebody makes a second',
    change: async (world) => void (await world.addObject({ className: 'c', segment: inFoo, capacity: '7Gi' })),
    after: ['c foo 1Gi'],
    writes: 2,
  },
  {
    ...oneObject,
    title: 'is made anew when somebody takes the object over, which stays theirs',
    change: async (world) => {
      const object = await theObject(world);
      const { labels: _, ...metadata } = object.metadata;
      await world.plane.client.update(csiStorageCapacities, { ...object, metadata });
    },
    after: ['c foo 1Gi', 'c foo 1Gi not ours'],
    writes: 2,
  },
  {
    ...oneObject,
    title: 'is put right when somebody makes it again with another capacity',
    change: async (world) => {
      const { metadata } = await theObject(world);
      await world.plane.client.delete(csiStorageCapacities, metadata);
      const { name } = metadata;
      await world.plane.client.create(
        csiStorageCapacities,
        objectDraft({ name, className: 'c', segment: inFoo, capacity: '1Mi' }),
      );
    },
    after: ['c foo 1Gi'],
    writes: 3,
  },
  {
    ...oneObject,
    title: 'comes with a segment',
    change: (world) => world.addNode('n2', 'bar'),
    after: ['c bar 2Gi', 'c foo 1Gi'],
    writes: 1,
  },
  {
    ...oneObject,
    title: 'goes with a segment',
    change: (world) => world.removeNode('n1'),
    after: [],
    writes: 1,
  },
  {
    ...oneObject,
    title: 'moves with a node that moves',
    change: async ({ plane: { client } }) => {
      const body = { metadata: { labels: { [place]: 'bar' } } };
      await client.patch(nodes, { name: 'n1' }, { type: 'merge', body });
    },
    after: ['c bar 2Gi'],
    writes: 2,
  },
  {
    title: 'comes with a segment for the classes that wait, of which one that does not is no obstacle',
    classes: ['a!', 'late'],
    expected: [],
    change: (world) => world.addNode('n1', 'foo'),
    after: ['late foo 1Gi'],
    writes: 1,
  },
  {
    title: 'comes with a segment for all classes when asked to',
    flags: { forImmediateBinding: true },
    classes: ['a!', 'late'],
    expected: [],
    change: (world) => world.addNode('n1', 'foo'),
    after: ['a foo 1Gi', 'late foo 1Gi'],
    writes: 2,
  },
  {
    ...oneObject,
    title: 'comes with a class',
    change: (world) => addClass(world, 'new*3'),
    after: ['c foo 1Gi', 'new foo 3Gi'],
    writes: 1,
  },
  {
    ...oneObject,
    title: 'goes with a class',
    change: (world) => world.removeClass('c'),
    after: [],
    writes: 1,
  },
  {
    ...oneObject,
    title: 'follows a class that is made again with other parameters',
    change: async (world) => {
      await world.removeClass('c');
      await addClass(world, 'c*3');
    },
    after: ['c foo 3Gi'],
    writes: 2,
  },
  {
    ...oneObject,
    title: 'does not change with a second node at the same place',
    change: (world) => world.addNode('n2', 'foo'),
    after: ['c foo 1Gi'],
    writes: 0,
  },
  {
    title: 'stays while one of two nodes at the place goes',
    nodes: { n1: 'foo', n2: 'foo' },
    classes: ['c'],
    expected: ['c foo 1Gi'],
    change: (world) => world.removeNode('n1'),
    after: ['c foo 1Gi'],
    writes: 0,
  },
];

describe('published capacity', () => {
  it.each(changes)('[O14] $title', async ({ expected, change, after, writes, ...given }) => {
    await using world = await prepared(given);
    expect(await world.shown()).toEqual(expected);
    world.takeWrites();
    await change(world);
    await world.plane.clock.advance(longestWaitMs);
    expect(await world.shown()).toEqual(after);
    expect(world.takeWrites()).toBe(writes);
  });
});
