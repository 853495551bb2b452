/** What the answers to CreateSnapshot mean: whether the snapshot may exist, and what becomes of it when the content goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { volumeSnapshotClasses, volumeSnapshotContents } from '../../../src/api/index.ts';
import { codeName } from '../../../src/csi/index.ts';
import { Code } from '../support/fake-driver.ts';
import { SnapshotWorld } from '../support/snapshot-world.ts';

let world: SnapshotWorld;
beforeEach(async () => {
  world = await SnapshotWorld.start();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const failure = (code: number) =>
  `failed to take snapshot of the volume vol: ${JSON.stringify(`rpc error: code = ${codeName(code)} desc = ordered by the test`)}`;

const maybeTaken = [
  Code.CANCELED,
  Code.DEADLINE_EXCEEDED,
  Code.UNAVAILABLE,
  Code.RESOURCE_EXHAUSTED,
  Code.ABORTED,
  // A number that is no code of gRPC.
  99,
];
const notTaken = Object.values(Code).filter((code) => code !== Code.OK && !maybeTaken.includes(code));

const rows = (codes: readonly number[]) => codes.map((code) => [codeName(code), code] as const);

describe('CreateSnapshot answered', () => {
  it.each(rows(maybeTaken))('[W5] %s may have taken the snapshot: the content stays marked', async (_name, code) => {
    world.backend.fail('lostReplies', 'CreateSnapshot', code);
    await world.create();
    await world.run();
    expect(await world.isBeingCreated()).toBe(true);
    const message = `Failed to create snapshot: ${failure(code)}`;
    expect(await world.status()).toEqual({ readyToUse: false, error: message });
    expect(await world.events()).toEqual([`Warning SnapshotCreationFailed ${message}`]);
    await world.plane.clock.advance(1_000);
    expect(await world.isBeingCreated()).toBe(false);
    expect(await world.status()).toMatchObject({ snapshotHandle: 'id-of-snapshot-uid-of-s', readyToUse: true });
    expect(world.snapshots.taken.size).toBe(1);
  });

  it.each(rows(notTaken))('[W5] %s has taken nothing: the mark goes', async (_name, code) => {
    world.backend.fail('refusals', 'CreateSnapshot', code);
    await world.create();
    await world.run();
    expect(await world.isBeingCreated()).toBe(false);
    const message = `Failed to create snapshot: ${failure(code)}`;
    expect(await world.status()).toEqual({ readyToUse: false, error: message });
    expect(await world.events()).toEqual([`Warning SnapshotCreationFailed ${message}`]);
    await world.plane.clock.advance(1_000);
    expect(await world.status()).toMatchObject({ snapshotHandle: 'id-of-snapshot-uid-of-s', readyToUse: true });
  });

  it.each(rows(maybeTaken))('[rel-C9] [rel-C2] [S4] %s is asked again for a content that goes', async (_name, code) => {
    world.backend.fail('lostReplies', 'CreateSnapshot', code, code, code);
    await world.create();
    await world.run();
    await world.remove();
    expect(await world.find()).toBeDefined();
    expect(world.count('DeleteSnapshot')).toBe(0);
    await world.plane.clock.advance(60_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
    expect(world.count('DeleteSnapshot')).toBe(1);
  });

  it.each(rows(notTaken))('[S4] %s leaves nothing to delete when the content goes', async (_name, code) => {
    world.backend.fail('refusals', 'CreateSnapshot', code);
    await world.create();
    await world.run({ retryIntervalStartMs: 60_000 });
    await world.remove();
    expect(await world.find()).toBeUndefined();
    expect(world.count('CreateSnapshot')).toBe(1);
    expect(world.count('DeleteSnapshot')).toBe(0);
  });
});

describe('a snapshot of which it is not known whether it exists', () => {
  it('[rel-C9] is not forgotten because a later answer says that its name is taken', async () => {
    world.backend.fail('lostReplies', 'CreateSnapshot', Code.UNAVAILABLE);
    await world.create();
    await world.run();
    const { ALREADY_EXISTS } = Code;
    world.backend.fail('refusals', 'CreateSnapshot', ALREADY_EXISTS, ALREADY_EXISTS, ALREADY_EXISTS);
    await world.remove();
    expect(await world.isBeingCreated()).toBe(true);
    await world.plane.clock.advance(60_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
  });

  it('[S2] [rel-C9] is asked for by the same request, whatever becomes of the class', async () => {
    world.backend.fail('lostReplies', 'CreateSnapshot', Code.UNAVAILABLE);
    await world.createClass('changing', { tier: 'old' });
    await world.create({ className: 'changing' });
    await world.run();
    await world.plane.client.delete(volumeSnapshotClasses, { name: 'changing' });
    await world.createClass('changing', { tier: 'new' });
    await world.plane.clock.advance(1_000);
    const [first, second] = world.snapshots.creations;
    expect(first).toMatchObject({ parameters: { tier: 'old' } });
    expect(second).toEqual(first);
  });

  it.each([
    ['that has changed', 'new'],
    ['that is gone', undefined],
  ])(
    '[S2] [rel-C9] is asked for by the same request by the next process: a class %s, other flags',
    async (_title, tier) => {
      world.backend.fail('lostReplies', 'CreateSnapshot', Code.UNAVAILABLE);
      await world.createClass('changing', { tier: 'old' });
      await world.create({ className: 'changing' });
      const first = await world.run();
      await first[Symbol.asyncDispose]();
      await world.plane.client.delete(volumeSnapshotClasses, { name: 'changing' });
      if (tier) await world.createClass('changing', { tier });
      await world.remove();
      await world.run({ snapshotNamePrefix: 'other', extraCreateMetadata: true });
      expect(new Set(world.snapshots.creations.map((asked) => JSON.stringify(asked))).size).toBe(1);
      expect(world.snapshots.creations).toHaveLength(2);
      expect(await world.find()).toBeUndefined();
      expect(world.snapshots.taken.size).toBe(0);
    },
  );

  it('[S2] is asked for by the same request until it is ready', async () => {
    world.snapshots.isReady = false;
    await world.createClass('changing', { tier: 'old' });
    await world.create({ className: 'changing' });
    await world.run();
    await world.plane.client.delete(volumeSnapshotClasses, { name: 'changing' });
    await world.plane.clock.advance(3_000);
    world.snapshots.isReady = true;
    await world.plane.clock.advance(10_000);
    expect(new Set(world.snapshots.creations.map((asked) => JSON.stringify(asked))).size).toBe(1);
    expect(await world.status()).toMatchObject({ readyToUse: true });
    expect((await world.find())?.metadata.annotations ?? {}).toEqual({});
  });

  it.each<[string, 'Delete' | 'Retain', number]>([
    ['deleted with a content of policy Delete', 'Delete', 0],
    ['left with a content of policy Retain', 'Retain', 1],
  ])('[rel-C9] [S4] is %s, by the next process', async (_title, policy, left) => {
    world.backend.fail('lostReplies', 'CreateSnapshot', Code.UNAVAILABLE);
    await world.create({ policy });
    const first = await world.run();
    await first[Symbol.asyncDispose]();
    await world.remove();
    expect(await world.find()).toBeDefined();
    await world.run();
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(left);
  });

  it('[rel-C2] is held by a content that the snapshot controller has not come round to', async () => {
    const { UNAVAILABLE } = Code;
    world.backend.fail('lostReplies', 'CreateSnapshot', UNAVAILABLE, UNAVAILABLE, UNAVAILABLE);
    await world.create({ finalizers: [] });
    await world.run();
    await world.remove();
    expect(await world.find()).toBeDefined();
    await world.plane.clock.advance(60_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
  });

  it('[rel-C2] is not even begun when nothing of ours would hold the content', async () => {
    await world.create({ finalizers: ['example.com/other'] });
    await world.plane.client.delete(volumeSnapshotContents, { name: 'c' });
    await world.run();
    expect(world.backend.calls).toEqual([]);
  });

  it('[rel-C9] is found when the content goes while CreateSnapshot runs', async () => {
    world.backend.latencyMs = 5_000;
    await world.create();
    await world.run();
    expect(await world.isBeingCreated()).toBe(true);
    await world.remove();
    await world.plane.clock.advance(60_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.taken.size).toBe(0);
  });

  it.each<[string, 'Delete' | 'Retain', number]>([
    ['is deleted', 'Delete', 0],
    ['stays by policy', 'Retain', 1],
  ])('[rel-C2] %s when somebody tears the content away while CreateSnapshot runs', async (_title, policy, left) => {
    world.backend.latencyMs = 5_000;
    await world.create({ policy });
    await world.run();
    const body = { metadata: { finalizers: [] } };
    await world.plane.client.patch(volumeSnapshotContents, { name: 'c' }, { type: 'merge', body });
    await world.remove();
    expect(await world.find()).toBeUndefined();
    await world.plane.clock.advance(60_000);
    expect(world.count('CreateSnapshot')).toBe(1);
    expect(world.snapshots.taken.size).toBe(left);
  });

  it('[rel-F5] does not keep others waiting, however often its creation fails', async () => {
    world.backend.fail('refusals', 'CreateSnapshot', ...Array.from({ length: 20 }, () => Code.UNAVAILABLE));
    for (const name of ['a', 'b', 'd'])
      await world.create({ name, volumeHandle: `vol-${name}`, refUid: `uid-of-${name}` });
    await world.run();
    await world.plane.clock.advance(3_600_000);
    for (const name of ['a', 'b', 'd']) expect(await world.status(name)).toMatchObject({ readyToUse: true });
    expect(world.snapshots.taken.size).toBe(3);
  });
});
