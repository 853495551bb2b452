/** Contents whose snapshots are to be taken: what is asked of the driver, what is written, what is told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VolumeSnapshotContentStatus } from '../../../src/api/index.ts';
import type { SnapshotterOptions } from '../../../src/sidecars/index.ts';
import { type ContentOptions, SnapshotWorld, secretAnnotations } from '../support/snapshot-world.ts';

let world: SnapshotWorld;
beforeEach(async () => {
  world = await SnapshotWorld.start();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const createdNs = 1_700_000_000_123_456_000;
const gib = 2 ** 30;
const taken = { snapshotHandle: 'id-of-snapshot-uid-of-s', creationTime: createdNs, restoreSize: gib };
const request = { name: 'snapshot-uid-of-s', sourceVolumeId: 'vol', parameters: { tier: 'gold' }, secrets: {} };

interface Case {
  readonly title: string;
  readonly content?: ContentOptions;
  readonly before?: (world: SnapshotWorld) => void | Promise<void>;
  readonly flags?: SnapshotterOptions['flags'];
  /** What the driver is asked for; nothing unless given. */
  readonly asks?: object;
  readonly status?: object;
}

const cases: readonly Case[] = [
  { title: 'a snapshot that is ready at once', asks: request, status: { ...taken, readyToUse: true } },
  {
    title: 'a snapshot that is not ready yet',
    before: ({ snapshots }) => {
      snapshots.isReady = false;
    },
    asks: request,
    status: { ...taken, readyToUse: false },
  },
  {
    title: 'a snapshot that has become ready keeps its handle, time and size',
    content: { status: { snapshotHandle: 'sid', readyToUse: false, creationTime: 7_000_000, restoreSize: 1000 } },
    asks: request,
    status: { snapshotHandle: 'sid', readyToUse: true, creationTime: 7_000_000, restoreSize: 1000 },
  },
  {
    title: 'a snapshot that is still not ready',
    content: { status: { snapshotHandle: 'sid', readyToUse: false, creationTime: 7_000_000, restoreSize: 1000 } },
    before: ({ snapshots }) => {
      snapshots.isReady = false;
    },
    asks: request,
    status: { snapshotHandle: 'sid', readyToUse: false, creationTime: 7_000_000, restoreSize: 1000 },
  },
  {
    title: 'an error goes when the snapshot is ready',
    content: { status: { readyToUse: false, error: { message: 'it was full' } } },
    asks: request,
    status: { ...taken, readyToUse: true },
  },
  {
    title: 'a snapshot that is ready is left alone',
    content: { status: { snapshotHandle: 'sid', readyToUse: true } },
    status: { snapshotHandle: 'sid', readyToUse: true },
  },
  {
    title: 'a size that the driver does not know is left out',
    before: ({ snapshots }) => {
      snapshots.sizeBytes = 0n;
    },
    asks: request,
    status: { snapshotHandle: taken.snapshotHandle, creationTime: createdNs, readyToUse: true },
  },
  {
    title: 'a policy of Retain makes no difference to the creation',
    content: { policy: 'Retain' },
    asks: request,
    status: { ...taken, readyToUse: true },
  },
  {
    title: 'the secret that the content names goes along',
    content: { annotations: secretAnnotations('secret', 'default') },
    before: (at) => at.createSecret('secret', { foo: 'bar' }),
    asks: { ...request, secrets: { foo: 'bar' } },
    status: { ...taken, readyToUse: true },
  },
  {
    title: 'every reserved parameter that is known is kept from the driver',
    content: { className: 'all' },
    before: (at) =>
      at.createClass('all', {
        a: '1',
        csi: 'x',
        ...Object.fromEntries(
          ['snapshotter-secret', 'snapshotter-list-secret', 'group-snapshotter-secret'].flatMap((of) => [
            [`csi.storage.k8s.io/${of}-name`, 'n'],
            [`csi.storage.k8s.io/${of}-namespace`, 'ns'],
          ]),
        ),
      }),
    asks: { ...request, parameters: { a: '1', csi: 'x' } },
    status: { ...taken, readyToUse: true },
  },
  {
    title: '--extra-create-metadata tells the driver the names',
    flags: { extraCreateMetadata: true },
    asks: {
      ...request,
      parameters: {
        tier: 'gold',
        'csi.storage.k8s.io/volumesnapshot/name': 's',
        'csi.storage.k8s.io/volumesnapshot/namespace': 'default',
        'csi.storage.k8s.io/volumesnapshotcontent/name': 'c',
      },
    },
    status: { ...taken, readyToUse: true },
  },
  {
    title: '--snapshot-name-prefix begins the name',
    flags: { snapshotNamePrefix: 'backup' },
    asks: { ...request, name: 'backup-uid-of-s' },
    status: { ...taken, snapshotHandle: 'id-of-backup-uid-of-s', readyToUse: true },
  },
  {
    title: '--snapshot-name-uuid-length cuts the uid, its dashes left out',
    flags: { snapshotNameUuidLength: 4 },
    asks: { ...request, name: 'snapshot-uido' },
    status: { ...taken, snapshotHandle: 'id-of-snapshot-uido', readyToUse: true },
  },
  { title: 'a content of another driver is left alone', content: { driver: 'other.csi' } },
  {
    title: 'a content whose class is of another driver is left alone',
    content: { className: 'foreign' },
    before: (at) => at.createClass('foreign', {}, 'other.csi'),
  },
  {
    title: 'a member of a group is left alone',
    content: { annotations: { 'groupsnapshot.storage.kubernetes.io/volumeGroupSnapshotHandle': 'g' } },
  },
];

describe('a content whose snapshot is to be taken', () => {
  it.each(cases)('[S2] [S6] [W7] $title', async ({ content, before, flags, asks, status }) => {
    await before?.(world);
    await world.create(content);
    await world.run(flags);
    expect(world.snapshots.creations).toEqual(asks ? [asks] : []);
    expect(await world.status()).toEqual(status);
    expect(await world.isBeingCreated()).toBe(false);
    expect(await world.events()).toEqual([]);
  });
});

describe('a content whose snapshot cannot be asked for', () => {
  const quoted = (reason: string) => JSON.stringify(reason);
  const input = (reason: string) =>
    `failed to get input parameters to create snapshot for content c: ${quoted(reason)}`;
  const notSpecified = 'cannot retrieve secrets for snapshot content "c", err: secret name or namespace not specified';
  const noCredentials = 'cannot get credentials for snapshot content "c"';
  const notBound = 'cannot create snapshot. Snapshot content c not bound to a snapshot';
  const rows: readonly [title: string, content: ContentOptions, message: string][] = [
    ['without a class', { className: '' }, input('failed to take snapshot c without a snapshot class')],
    [
      'with a class that does not exist',
      { className: 'bad' },
      input('volumesnapshotclass.snapshot.storage.k8s.io "bad" not found'),
    ],
    ['whose secret has no name', { annotations: secretAnnotations('', 'default') }, input(notSpecified)],
    ['whose secret has no namespace', { annotations: secretAnnotations('secret', '') }, input(notSpecified)],
    ['whose secret does not exist', { annotations: secretAnnotations('gone', 'default') }, input(noCredentials)],
    [
      'with a reserved parameter that nobody knows',
      { className: 'odd' },
      'failed to remove CSI Parameters of prefixed keys: found unknown parameter key "csi.storage.k8s.io/odd" with reserved namespace csi.storage.k8s.io/',
    ],
    [
      'that is not bound to a VolumeSnapshot',
      { refUid: '' },
      `failed to take snapshot of the volume vol: ${quoted(notBound)}`,
    ],
  ];

  it.each(rows)('[S3] [S6] [rel-L13] %s says so, and has no call under way', async (_title, content, message) => {
    await world.createClass('odd', { 'csi.storage.k8s.io/odd': 'x' });
    await world.create(content);
    await world.run();
    const told = `Failed to create snapshot: ${message}`;
    expect(await world.status()).toEqual({ readyToUse: false, error: told });
    expect(await world.events()).toEqual([`Warning SnapshotCreationFailed ${told}`]);
    await world.plane.clock.advance(1_000);
    const again = `Failed to check and update snapshot content: ${message}`;
    expect(await world.status()).toEqual({ readyToUse: false, error: again });
    await world.plane.clock.advance(60_000);
    expect(await world.events()).toEqual([
      `Warning SnapshotCreationFailed ${told}`,
      `Warning SnapshotContentCheckandUpdateFailed ${again}`,
    ]);
    expect(world.snapshots.creations).toEqual([]);
    expect(await world.isBeingCreated()).toBe(false);
  });

  it('[S3] a class that comes later is seen at once', async () => {
    await world.create({ className: 'late' });
    await world.run({ retryIntervalStartMs: 300_000 });
    await world.createClass('late', {});
    await world.plane.clock.settle();
    expect(world.snapshots.creations).toEqual([{ ...request, parameters: {} }]);
    expect(await world.status()).toEqual({ ...taken, readyToUse: true });
  });

  it('[S2] a driver that takes no snapshots is not asked', async () => {
    await world.create();
    const { driver } = world.backend;
    await world.run({}, { driver: { ...driver, controllerCapabilities: new Set() } });
    expect(world.backend.calls).toEqual([]);
    expect(await world.status()).toBeUndefined();
  });
});

describe('a snapshot that is not ready', () => {
  const pending: VolumeSnapshotContentStatus = { snapshotHandle: taken.snapshotHandle, readyToUse: false };

  it('[S2] [W3] is asked for again, less and less often, by the same request', async () => {
    world.snapshots.isReady = false;
    await world.create();
    await world.run();
    const counts: number[] = [];
    for (const ms of [999, 1, 2_000, 4_000, 8_000]) {
      await world.plane.clock.advance(ms);
      counts.push(world.snapshots.creations.length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(world.snapshots.creations.map((asked) => JSON.stringify(asked))).size).toBe(1);
    world.snapshots.isReady = true;
    await world.plane.clock.advance(16_000);
    expect(await world.status()).toEqual({ ...taken, readyToUse: true });
    await world.plane.clock.advance(3_600_000);
    expect(world.snapshots.creations).toHaveLength(6);
    expect(await world.events()).toEqual([]);
  });

  it('[O-e] waits no longer than --retry-interval-max', async () => {
    world.snapshots.isReady = false;
    await world.create({ status: pending });
    await world.run({ retryIntervalStartMs: 10_000, retryIntervalMaxMs: 20_000 });
    await world.plane.clock.advance(10_000);
    expect(world.snapshots.creations).toHaveLength(2);
    await world.plane.clock.advance(60_000);
    expect(world.snapshots.creations).toHaveLength(5);
  });

  it('[S2] shows the time of the answer when the driver tells none', async () => {
    world.snapshots.createdNs = undefined;
    await world.create();
    await world.run();
    const nowNs = world.plane.clock.now() * 1_000_000;
    expect(await world.status()).toEqual({ ...taken, creationTime: nowNs, readyToUse: true });
  });
});

describe('calls of several contents', () => {
  it.each([
    [1, 1],
    [3, 3],
  ])('[O-e] with --worker-threads=%d run %d at a time', async (workerThreads, expected) => {
    world.backend.latencyMs = 5_000;
    for (const name of ['a', 'b', 'c'])
      await world.create({ name, volumeHandle: `vol-${name}`, refUid: `uid-of-${name}` });
    await world.run({ workerThreads });
    await world.plane.clock.advance(1_000);
    expect(world.count('CreateSnapshot')).toBe(expected);
  });

  it('[S2] that are of one volume wait for each other', async () => {
    world.backend.latencyMs = 5_000;
    for (const name of ['a', 'b', 'c']) await world.create({ name, refUid: `uid-of-${name}` });
    await world.run();
    await world.plane.clock.advance(30_000);
    expect(world.snapshots.taken.size).toBe(3);
    expect(world.backend.overlaps).toEqual([]);
  });

  it('[O-e] end after --timeout, without an end', async () => {
    world.backend.latencyMs = 30_000;
    await world.create();
    await world.run({ timeoutMs: 10_000 });
    await world.plane.clock.advance(10_000);
    expect(await world.isBeingCreated()).toBe(true);
    expect(await world.events()).toEqual([
      'Warning SnapshotCreationFailed Failed to create snapshot: failed to take snapshot of the volume vol: "rpc error: code = DeadlineExceeded desc = context deadline exceeded"',
    ]);
  });
});

describe('snapshots of a driver that mixes up its answers', () => {
  it('[rel-C2] never share a handle: the second content stays without', async () => {
    world.snapshots.idOf = () => 'same';
    await world.create({ name: 'a', refUid: 'uid-of-a' });
    await world.run();
    await world.create({ name: 'b', refUid: 'uid-of-b' });
    await world.plane.clock.settle();
    expect(await world.status('a')).toMatchObject({ snapshotHandle: 'same', readyToUse: true });
    expect((await world.find('b'))?.status?.snapshotHandle).toBeUndefined();
    expect(await world.events('b')).toEqual([
      `Warning SnapshotCreationFailed Failed to create snapshot: failed to take snapshot of the volume vol: ${JSON.stringify('driver answered with snapshot id "same", which is that of VolumeSnapshotContent "a"')}`,
    ]);
  });

  it('[rel-C9] [rel-C2] have no end while they are answered without an id', async () => {
    world.snapshots.idOf = () => '';
    await world.create();
    await world.run();
    expect(await world.isBeingCreated()).toBe(true);
    world.snapshots.taken.clear();
    world.snapshots.idOf = () => 'sid';
    await world.plane.clock.advance(1_000);
    expect(await world.status()).toEqual({ ...taken, snapshotHandle: 'sid', readyToUse: true });
    expect(await world.isBeingCreated()).toBe(false);
  });
});
