/** The snapshotter with the rights, the caches and the deaths that it may have. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  clusterRoleBindings,
  clusterRoles,
  contentBoundFinalizer,
  volumeSnapshotContents,
} from '../../../src/api/index.ts';
import { type Kill, laggingClient, mortalClient } from '../support/controllers.ts';
import { Code } from '../support/fake-driver.ts';
import { beingDeleted, SnapshotWorld, secretAnnotations } from '../support/snapshot-world.ts';

let world: SnapshotWorld;
beforeEach(async () => {
  world = await SnapshotWorld.start();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const snapshotGroup = 'snapshot.storage.k8s.io';

/** A process that dies around its n-th write, and another in its place. */
async function dieAround(kill: Kill): Promise<boolean> {
  const mortal = mortalClient(world.plane.clientOf('csi-snapshotter'), kill);
  const process = await world.run({}, { client: mortal.client });
  await world.plane.clock.advance(2_000);
  await process[Symbol.asyncDispose]();
  await world.run();
  await world.plane.clock.advance(2_000);
  return mortal.isDead;
}

const kills = [0, 1, 2].flatMap((afterWrites) =>
  [false, true].map((lands) => [afterWrites, lands ? 'after' : 'before', lands] as const),
);

describe('a snapshotter that dies around its writes', () => {
  it.each(kills)('[rel-C9] [S2] takes one snapshot: write %d, dead %s it', async (afterWrites, _when, lands) => {
    await world.create({ finalizers: [] });
    expect(await dieAround({ afterWrites, lastWriteLands: lands })).toBe(true);
    expect(world.snapshots.taken.size).toBe(1);
    expect(await world.status()).toMatchObject({ snapshotHandle: 'id-of-snapshot-uid-of-s', readyToUse: true });
    expect(await world.isBeingCreated()).toBe(false);
    await world.remove();
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
  });

  it.each(kills.filter(([write]) => write < 2))(
    '[rel-C9] [rel-C2] [S4] deletes the snapshot: write %d, dead %s it',
    async (afterWrites, _when, lands) => {
      const first = await world.run();
      await world.create();
      await world.plane.clock.settle();
      await first[Symbol.asyncDispose]();
      await world.remove();
      expect(await dieAround({ afterWrites, lastWriteLands: lands })).toBe(true);
      expect(await world.find()).toBeUndefined();
      expect(world.snapshots.taken.size).toBe(0);
    },
  );
});

describe('a snapshotter whose cache lags behind', () => {
  it('[rel-C9] [rel-C2] does not let a content go of which it has begun to take a snapshot', async () => {
    const { client, hold, release } = laggingClient(
      world.plane.clientOf('csi-snapshotter'),
      volumeSnapshotContents.kind,
    );
    const { UNAVAILABLE } = Code;
    world.backend.fail('lostReplies', 'CreateSnapshot', UNAVAILABLE, UNAVAILABLE);
    await world.create();
    const body = { metadata: { annotations: { [beingDeleted]: 'yes' } } };
    await world.plane.client.patch(volumeSnapshotContents, { name: 'c' }, { type: 'merge', body });
    await world.run({}, { client });
    // It hears of the deletion, and not of its own mark.
    hold();
    await world.plane.client.delete(volumeSnapshotContents, { name: 'c' });
    await world.plane.clock.advance(500);
    expect(await world.find()).toBeDefined();
    release();
    await world.plane.clock.advance(60_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
  });

  it('[rel-C9] makes nothing of a mark that could not be written on what it saw', async () => {
    await world.create({ finalizers: [contentBoundFinalizer] });
    const inner = world.plane.clientOf('csi-snapshotter');
    let isDeleted = false;
    await world.run(
      {},
      {
        client: {
          ...inner,
          // Somebody deletes the content between the look and the mark.
          get: async (type, ...rest) => {
            const read = await inner.get(type, ...rest);
            if (!isDeleted && type.kind === volumeSnapshotContents.kind) {
              isDeleted = true;
              await world.remove();
            }
            return read;
          },
        },
      },
    );
    await world.plane.clock.advance(10_000);
    expect(await world.find()).toBeUndefined();
    expect(world.count('CreateSnapshot')).toBe(0);
    expect(await world.events()).toEqual([]);
  });
});

describe('a snapshotter that loses a race for a content', () => {
  it('[S2] looks again at once', async () => {
    await world.create({ finalizers: [] });
    const inner = world.plane.clientOf('csi-snapshotter');
    let isHeld = false;
    await world.run(
      {},
      {
        client: {
          ...inner,
          // The snapshot controller puts its finalizer on the content between the look and the mark.
          get: async (type, ...rest) => {
            const read = await inner.get(type, ...rest);
            if (!isHeld && type.kind === volumeSnapshotContents.kind) {
              isHeld = true;
              const body = { metadata: { finalizers: [contentBoundFinalizer] } };
              await world.plane.client.patch(volumeSnapshotContents, { name: 'c' }, { type: 'merge', body });
            }
            return read;
          },
        },
      },
    );
    expect(isHeld).toBe(true);
    await world.plane.clock.advance(100);
    expect(await world.status()).toMatchObject({ readyToUse: true });
    expect(await world.events()).toEqual([]);
  });
});

describe('a snapshotter with no more rights than upstream’s', () => {
  it('[O-e] [W6] takes, finds and deletes snapshots', async () => {
    const { plane } = world;
    const rule = (resources: string[], verbs: string[], apiGroup = snapshotGroup) => ({
      apiGroups: [apiGroup],
      resources,
      verbs,
    });
    await plane.client.create(clusterRoles, {
      metadata: { name: 'external-snapshotter-runner' },
      rules: [
        rule(['events'], ['list', 'watch', 'create', 'update', 'patch'], ''),
        rule(['secrets'], ['get', 'list'], ''),
        rule(['volumesnapshotclasses'], ['get', 'list', 'watch']),
        rule(['volumesnapshotcontents'], ['get', 'list', 'watch', 'update', 'patch']),
        rule(['volumesnapshotcontents/status'], ['update', 'patch']),
      ],
    });
    const subject = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'csi-snapshotter' };
    await plane.client.create(clusterRoleBindings, {
      metadata: { name: 'csi-snapshotter-role' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'external-snapshotter-runner' },
      subjects: [subject],
    });
    const identity = { user: 'csi-snapshotter', groups: ['system:authenticated'] };
    await world.createSecret('secret', { foo: 'bar' });
    await world.create({ finalizers: [], annotations: secretAnnotations('secret', 'default') });
    await world.create({ name: 'existing', snapshotHandle: 'id-of-snapshot-uid-of-s' });
    await world.run({}, { client: plane.clientAs(identity, 'csi-snapshotter') });
    await plane.clock.advance(10_000);
    expect(await world.status()).toMatchObject({ readyToUse: true });
    expect(await world.status('existing')).toMatchObject({ readyToUse: true });
    await world.remove();
    await world.remove('existing');
    expect(await world.find()).toBeUndefined();
    expect(await world.find('existing')).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
  });

  it('[O-e] [W6] writes nothing but the status, its mark and the finalizer', async () => {
    const before = await world.create({ finalizers: ['example.com/other'], labels: { a: 'b' } });
    await world.run();
    const after = await world.find();
    expect(after?.spec).toEqual(before.spec);
    expect(after?.metadata.labels).toEqual({ a: 'b' });
    expect(after?.metadata.finalizers).toEqual(['example.com/other', contentBoundFinalizer]);
    expect(after?.metadata.annotations ?? {}).toEqual({});
  });
});

describe('two snapshotters that each take themselves for the leader', () => {
  it.each([
    ['at once', 0],
    ['slowly', 5_000],
  ])('[rel-C9] [rel-C2] take one snapshot and delete it, when the driver answers %s', async (_title, latencyMs) => {
    world.backend.latencyMs = latencyMs;
    await world.run();
    await world.run();
    await world.create({ finalizers: [] });
    await world.plane.clock.advance(60_000);
    expect(await world.status()).toMatchObject({ snapshotHandle: 'id-of-snapshot-uid-of-s', readyToUse: true });
    expect(await world.isBeingCreated()).toBe(false);
    expect(world.snapshots.taken.size).toBe(1);
    await world.remove();
    await world.plane.clock.advance(60_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
    expect(await world.events()).toEqual([]);
  });
});

describe('a snapshotter on each node', () => {
  it('[O-e] [S8] takes the snapshots that the controller has given to its node', async () => {
    const managed = (node: string) => ({ 'snapshot.storage.kubernetes.io/managed-by': node });
    await world.create({ name: 'a', refUid: 'uid-of-a', labels: managed('n1') });
    await world.create({ name: 'b', refUid: 'uid-of-b', labels: managed('n2') });
    await world.create({ name: 'd', refUid: 'uid-of-d' });
    await world.run({ nodeName: 'n1' });
    expect([...world.snapshots.taken.keys()]).toEqual(['snapshot-uid-of-a']);
    expect(await world.status('a')).toMatchObject({ readyToUse: true });
    expect(await world.status('b')).toBeUndefined();
    expect(await world.status('d')).toBeUndefined();
  });
});

describe('a snapshotter at rest', () => {
  it('[rel-F5] asks neither the server nor the driver for anything', async () => {
    for (let index = 0; index < 50; index++) await world.create({ name: `c${index}`, refUid: `uid-${index}` });
    await world.run();
    await world.plane.clock.advance(10_000);
    expect(world.backend.calls).toHaveLength(50);
    let commits = 0;
    await world.plane.onCommit(() => {
      commits++;
    });
    await world.plane.clock.advance(24 * 3_600_000);
    expect(commits).toBe(0);
    expect(world.backend.calls).toHaveLength(50);
  });
});
