/** One object per segment and class whatever happens, and no more calls and writes than it takes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csiDrivers, csiStorageCapacities, type VolumeNodeAffinity } from '../../src/api/index.ts';
import { ControllerCapability } from '../../src/csi/index.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { CapacityWorld, place } from './support/capacity-world.ts';
import { blindClient, laggingClient, mortalClient } from './support/controllers.ts';
import { Code } from './support/fake-driver.ts';

const minuteMs = 60_000;
const inFoo = { [place]: 'foo' };

let world: CapacityWorld;

beforeEach(async () => {
  world = await CapacityWorld.start();
  world.room.set('foo', '1Gi').set('bar', '2Gi');
  await world.addNode('n1', 'foo');
  await world.addNode('n2', 'bar');
  await world.addClass('c');
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const both = ['c bar 2Gi', 'c foo 1Gi'];
const client = () => world.plane.clientOf('fake.csi');
const asked = () => world.backend.calls.filter(({ method }) => method === 'GetCapacity').length;

describe('one object for each segment and class', () => {
  const deaths = [0, 1, 2].flatMap((write) =>
    [false, true].map((lands): [number, string] => [write, lands ? 'after' : 'before']),
  );

  it.each(deaths)('[rel-H5] when the process dies around write %i, %s it', async (afterWrites, moment) => {
    const mortal = mortalClient(client(), { afterWrites, lastWriteLands: moment === 'after' });
    const first = await world.publish({}, mortal.client);
    await world.plane.clock.advance(1_000);
    await first[Symbol.asyncDispose]();
    await world.publish();
    expect(await world.shown()).toEqual(both);
    expect(world.doubles).toEqual([]);
    expect(world.takeWrites()).toBe(2);
  });

  it('[rel-H5] when the process never sees what it made, and brings it up to date all the same', async () => {
    await world.publish({}, blindClient(client(), 'CSIStorageCapacity'));
    world.room.set('foo', '3Gi');
    await world.plane.clock.advance(3 * minuteMs);
    expect(await world.shown()).toEqual(['c bar 2Gi', 'c foo 3Gi']);
    expect(world.doubles).toEqual([]);
    expect(world.takeWrites()).toBe(3);
  });

  it('[rel-H5] when two processes work at once', async () => {
    await Promise.all([world.publish(), world.publish()]);
    await world.addClass('d');
    await world.addNode('n3', 'baz');
    await world.removeNode('n1');
    world.room.set('bar', '5Gi');
    await world.plane.clock.advance(2 * minuteMs);
    expect(await world.shown()).toEqual(['c bar 5Gi', 'c baz 0', 'd bar 5Gi', 'd baz 0']);
    expect(world.doubles).toEqual([]);
  });

  it('[rel-H5] when two processes find several of the same, made by somebody who names them at random', async () => {
    for (const capacity of ['1Mi', '2Mi', '3Mi']) await world.addObject({ className: 'c', segment: inFoo, capacity });
    await Promise.all([world.publish(), world.publish()]);
    await world.plane.clock.advance(minuteMs);
    expect(await world.shown()).toEqual(both);
  });

  it('[rel-H5] when what it hears of them is late', async () => {
    const lagging = laggingClient(client(), 'CSIStorageCapacity');
    await world.publish({}, lagging.client);
    lagging.hold();
    await world.removeClass('c');
    await world.addClass('c');
    world.room.set('foo', '7Gi');
    await world.plane.clock.advance(2 * minuteMs);
    lagging.release();
    await world.plane.clock.advance(2 * minuteMs);
    expect(await world.shown()).toEqual(['c bar 2Gi', 'c foo 7Gi']);
    expect(world.doubles).toEqual([]);
  });

  it('[rel-H5] leaves one alone that somebody has taken over although it has not heard of that', async () => {
    const lagging = laggingClient(client(), 'CSIStorageCapacity');
    await world.publish({}, lagging.client);
    lagging.hold();
    for (const object of await world.objects()) {
      const metadata = { ...object.metadata, labels: {} };
      await world.plane.client.update(csiStorageCapacities, { ...object, metadata });
    }
    await world.removeClass('c');
    await world.plane.clock.advance(minuteMs);
    lagging.release();
    await world.plane.clock.advance(minuteMs);
    expect(await world.shown()).toEqual(both.map((line) => `${line} not ours`));
  });
});

describe('calls and writes', () => {
  it('[rel-L12] [O14] are one call a minute for each segment and class at rest, and no write', async () => {
    await world.addClass('d');
    await world.publish();
    expect(asked()).toBe(4);
    world.takeWrites();
    await world.plane.clock.advance(10 * minuteMs);
    expect(asked()).toBe(44);
    expect(world.takeWrites()).toBe(0);
  });

  it('[O14] come as often as told', async () => {
    await world.publish({ pollIntervalMs: 10_000 });
    await world.plane.clock.advance(minuteMs);
    expect(asked()).toBe(14);
  });

  it('[O14] show with the next look that storage came or went', async () => {
    await world.publish();
    world.room.set('foo', '512Mi');
    await world.plane.clock.advance(minuteMs - 1_000);
    expect(await world.shown()).toEqual(both);
    await world.plane.clock.advance(2_000);
    expect(await world.shown()).toEqual(['c bar 2Gi', 'c foo 512Mi']);
  });

  it.each([
    [1, 1],
    [2, 2],
    [8, 2],
  ])('[O14] with %i threads are %i at a time', async (threads, expected) => {
    world.backend.latencyMs = 1_000;
    await world.publish({ threads });
    expect(asked()).toBe(expected);
    await world.plane.clock.advance(5_000);
    expect(await world.shown()).toEqual(both);
  });

  it('[O14] are repeated when they fail, while the object stays as it is', async () => {
    await world.publish();
    world.backend.fail('refusals', 'GetCapacity', Code.UNAVAILABLE, Code.INTERNAL, Code.UNAVAILABLE, Code.INTERNAL);
    world.room.set('foo', '4Gi');
    await world.plane.clock.advance(minuteMs + 500);
    expect(await world.shown()).toEqual(both);
    await world.plane.clock.advance(5_000);
    expect(await world.shown()).toEqual(['c bar 2Gi', 'c foo 4Gi']);
  });

  it('[O14] are none for a driver that does not tell its capacity', async () => {
    const capabilities = world.backend.driver.controllerCapabilities as Set<ControllerCapability>;
    capabilities.delete(ControllerCapability.GET_CAPACITY);
    await world.publish();
    await world.plane.clock.advance(2 * minuteMs);
    expect(asked()).toBe(0);
  });
});

/** The affinity of a volume in these segments. */
function affinityOf(...segments: Readonly<Record<string, string>>[]): VolumeNodeAffinity {
  const nodeSelectorTerms = segments.map((segment) => ({
    matchExpressions: Object.entries(segment).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
  }));
  return { required: { nodeSelectorTerms } };
}

describe('a volume that was made or deleted', () => {
  interface Refresh {
    readonly title: string;
    readonly affinity?: VolumeNodeAffinity;
    readonly className?: string;
    /** `class place` of each call. */
    readonly expected: readonly string[];
  }
  const refreshes: readonly Refresh[] = [
    { title: 'in a segment: for every class there', affinity: affinityOf(inFoo), expected: ['c foo', 'd foo'] },
    {
      title: 'in two segments: in both',
      affinity: affinityOf(inFoo, { [place]: 'bar' }),
      expected: ['c bar', 'c foo', 'd bar', 'd foo'],
    },
    { title: 'anywhere: for its class in every segment', className: 'd', expected: ['d bar', 'd foo'] },
    { title: 'of a class that is not published: nowhere', className: 'gone', expected: [] },
    { title: 'in a segment that is not there: nowhere', affinity: affinityOf({ [place]: 'x' }), expected: [] },
    {
      title: 'in a part of a segment: nowhere',
      affinity: affinityOf({ [place]: 'foo', rack: '1' }),
      expected: [],
    },
    {
      title: 'where an affinity says that no driver tells: nowhere',
      affinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: place, operator: 'In', values: ['foo', 'bar'] }] }],
        },
      },
      expected: [],
    },
  ];

  it.each(refreshes)('[O14] is looked at $title', async ({ affinity, className = 'c', expected }) => {
    await world.addClass('d', undefined, { parameters: { factor: '2' } });
    const running = await world.publish();
    const heard: string[] = [];
    world.backend.capacityOf = (segment, { factor }) => {
      heard.push(`${factor ? 'd' : 'c'} ${Object.values(segment).join('/')}`);
      return { availableCapacity: 0n };
    };
    running.volumeChanged(affinity, className);
    await world.plane.clock.settle();
    expect(heard.sort()).toEqual(expected);
  });
});

describe('under stowage up', () => {
  const say = (storageCapacity: boolean) =>
    world.plane.client.patch(csiDrivers, { name: 'fake.csi' }, { type: 'merge', body: { spec: { storageCapacity } } });

  it('[O14] capacity is published while the CSIDriver object says so', async () => {
    const { client: api, clock } = world.plane;
    await world.publish({ publish: 'asDriverSays' });
    expect([await world.shown(), asked()]).toEqual([[], 0]);
    await api.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { storageCapacity: true } });
    await clock.settle();
    expect(await world.shown()).toEqual(both);
    await say(false);
    await clock.settle();
    expect(await world.shown()).toEqual([]);
    const before = asked();
    await clock.advance(3 * minuteMs);
    expect(asked()).toBe(before);
    await say(true);
    await clock.settle();
    expect(await world.shown()).toEqual(both);
    await api.delete(csiDrivers, { name: 'fake.csi' });
    await clock.settle();
    expect(await world.shown()).toEqual([]);
  });
});

describe('a process for one node', () => {
  it('[O14] publishes the segment of its driver alone, under a name of its own', async () => {
    await world.addObject({ className: 'c', segment: { [place]: 'bar' }, capacity: '9Gi' });
    await world.publish({ node: { name: 'n1', segment: inFoo } });
    const [own] = (await world.objects()).filter(({ capacity }) => capacity === '1Gi');
    expect(own?.nodeTopology).toEqual({ matchLabels: inFoo });
    expect(own?.metadata.labels?.['csi.storage.k8s.io/managed-by']).toBe('external-provisioner-n1');
    expect(await world.objects()).toHaveLength(2);
    await world.removeNode('n1');
    expect(await world.objects()).toHaveLength(2);
  });
});

describe('metrics', () => {
  it('[O14] count the objects that there should be, are, and are too many', async () => {
    const metrics = new MetricsRegistry();
    await world.addObject({ className: 'gone', segment: inFoo, capacity: '1Gi' });
    // Neither what is too many can be deleted nor what is missing made.
    const powerless = mortalClient(client(), { afterWrites: 0, lastWriteLands: false });
    await world.publish({}, powerless.client, metrics);
    const numbers = async () => (await metrics.print()).match(/^csistoragecapacities\w+ \d+$/gm)?.sort();
    expect(await numbers()).toEqual([
      'csistoragecapacities_desired_current 0',
      'csistoragecapacities_desired_goal 2',
      'csistoragecapacities_obsolete 1',
    ]);
    await world.publish();
    expect(await numbers()).toEqual([
      'csistoragecapacities_desired_current 2',
      'csistoragecapacities_desired_goal 2',
      'csistoragecapacities_obsolete 0',
    ]);
  });
});
