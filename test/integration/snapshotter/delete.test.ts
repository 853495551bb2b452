/** Contents that go: when the snapshot is deleted, with which secret, and what lets the content go. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentBoundFinalizer, volumeSnapshotContents } from '../../../src/api/index.ts';
import { Code } from '../support/fake-driver.ts';
import { beingCreated, type ContentOptions, SnapshotWorld, secretAnnotations } from '../support/snapshot-world.ts';

let world: SnapshotWorld;
beforeEach(async () => {
  world = await SnapshotWorld.start();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const ready = { snapshotHandle: 'sid', readyToUse: true, creationTime: 7_000_000, restoreSize: 1000 };

interface Case {
  readonly title: string;
  readonly content: ContentOptions;
  readonly annotated?: boolean;
  /** DeleteSnapshot calls. */
  readonly deletions: readonly object[];
  readonly isGone: boolean;
}

const one = { snapshotId: 'sid', secrets: {} };

const cases: readonly Case[] = [
  {
    title: 'a snapshot that was taken is deleted',
    content: { status: ready },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot that was taken is kept by policy',
    content: { status: ready, policy: 'Retain' },
    deletions: [],
    isGone: true,
  },
  {
    title: 'a snapshot that existed before is deleted',
    content: { snapshotHandle: 'sid', status: ready },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot that existed before is kept by policy',
    content: { snapshotHandle: 'sid', status: ready, policy: 'Retain' },
    deletions: [],
    isGone: true,
  },
  {
    title: 'a snapshot that existed before and was never looked up is deleted',
    content: { snapshotHandle: 'sid' },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot that existed before, which nobody ever wanted, is deleted without a word of the controller',
    content: { snapshotHandle: 'sid', status: ready, refUid: '' },
    annotated: false,
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot without a class is deleted all the same',
    content: { className: '', status: ready },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot that existed before, without a class, is deleted all the same',
    content: { className: '', snapshotHandle: 'sid', status: ready },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot whose class is gone is deleted all the same',
    content: { className: 'gone', status: ready },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a snapshot that is not ready is deleted',
    content: { status: { ...ready, readyToUse: false } },
    deletions: [one],
    isGone: true,
  },
  {
    title: 'a content whose snapshot was never begun goes',
    content: { status: { readyToUse: false, error: { message: 'no' } } },
    deletions: [],
    isGone: true,
  },
  {
    title: 'a member of a group is let go: its snapshot goes with the group',
    content: { status: { ...ready, volumeGroupSnapshotHandle: 'g' } },
    deletions: [],
    isGone: true,
  },
  {
    title: 'a content that was deleted by hand waits for the word of the controller',
    content: { status: ready },
    annotated: false,
    deletions: [],
    isGone: false,
  },
  {
    title: 'a bound content that existed before waits for the word of the controller',
    content: { snapshotHandle: 'sid', status: ready },
    annotated: false,
    deletions: [],
    isGone: false,
  },
  {
    title: 'a content of another driver is not ours to delete',
    content: { driver: 'other.csi', status: ready },
    deletions: [],
    isGone: false,
  },
  {
    title: 'the end of a creation that was not written down comes first',
    content: { status: ready, annotations: { [beingCreated]: 'yes' } },
    deletions: [one],
    isGone: true,
  },
];

describe('a content that is deleted', () => {
  it.each(cases)('[S4] $title', async ({ content, annotated, deletions, isGone }) => {
    await world.create(content);
    await world.remove('c', { annotated: annotated ?? true });
    await world.run();
    expect(world.snapshots.deletions).toEqual(deletions);
    expect((await world.find()) === undefined).toBe(isGone);
    expect(world.count('CreateSnapshot')).toBe(0);
    expect(await world.events()).toEqual([]);
  });

  it.each(cases)('[S4] while the snapshotter runs: $title', async ({ content, annotated, deletions, isGone }) => {
    world.backend.fail('refusals', 'CreateSnapshot', ...Array.from({ length: 5 }, () => Code.INTERNAL));
    await world.create(content);
    await world.run();
    await world.remove('c', { annotated: annotated ?? true });
    expect(world.snapshots.deletions).toEqual(deletions);
    expect((await world.find()) === undefined).toBe(isGone);
  });

  it('[S4] [W7] [S6] takes the secret along that it names', async () => {
    await world.createSecret('secret', { foo: 'bar' });
    await world.create({ status: ready, annotations: secretAnnotations('secret', 'default') });
    await world.run();
    await world.remove();
    expect(world.snapshots.deletions).toEqual([{ snapshotId: 'sid', secrets: { foo: 'bar' } }]);
    expect(await world.find()).toBeUndefined();
  });

  it.each([
    ['has no name', secretAnnotations('', 'default')],
    ['does not exist', secretAnnotations('gone', 'default')],
  ])('[S4] [S3] stays with its snapshot while the secret %s', async (_title, annotations) => {
    await world.create({ status: ready, annotations });
    await world.run();
    await world.remove();
    expect(world.snapshots.deletions).toEqual([]);
    expect((await world.find())?.metadata.finalizers).toEqual([contentBoundFinalizer]);
    expect(await world.status()).toEqual(ready);
    expect(await world.events()).toEqual(['Warning SnapshotDeleteError Failed to get snapshot credentials']);
  });

  it.each([
    ['INTERNAL', Code.INTERNAL],
    ['FAILED_PRECONDITION', Code.FAILED_PRECONDITION],
    ['UNAVAILABLE', Code.UNAVAILABLE],
    ['DEADLINE_EXCEEDED', Code.DEADLINE_EXCEEDED],
    ['UNIMPLEMENTED', Code.UNIMPLEMENTED],
  ])('[S4] [S3] [W5] stays while DeleteSnapshot answers %s, and tries again', async (_name, code) => {
    world.backend.fail('refusals', 'DeleteSnapshot', code);
    await world.create({ status: ready });
    await world.run();
    await world.remove();
    expect((await world.find())?.metadata.finalizers).toEqual([contentBoundFinalizer]);
    expect(await world.status()).toEqual(ready);
    expect(await world.events()).toEqual(['Warning SnapshotDeleteError Failed to delete snapshot']);
    await world.plane.clock.advance(1_000);
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.deletions).toEqual([one]);
  });

  it('[S4] [W5] goes when DeleteSnapshot answers that there is no such snapshot', async () => {
    world.backend.fail('refusals', 'DeleteSnapshot', Code.NOT_FOUND);
    await world.create({ status: ready });
    await world.run();
    await world.remove();
    expect(await world.find()).toBeUndefined();
    expect(await world.events()).toEqual([]);
  });

  it('[S4] shows no snapshot any more while something else holds it', async () => {
    await world.create({ status: ready, finalizers: [contentBoundFinalizer, 'example.com/other'] });
    await world.run();
    await world.remove();
    expect(await world.status()).toEqual({});
    expect((await world.find())?.metadata.finalizers).toEqual(['example.com/other']);
    await world.plane.clock.advance(3_600_000);
    expect(world.snapshots.deletions).toEqual([one]);
  });

  it('[S4] obeys the policy as it is now', async () => {
    await world.create({ status: ready });
    await world.run();
    const body = { spec: { deletionPolicy: 'Retain' } };
    await world.plane.client.patch(volumeSnapshotContents, { name: 'c' }, { type: 'merge', body });
    await world.remove();
    expect(await world.find()).toBeUndefined();
    expect(world.snapshots.deletions).toEqual([]);
  });
});
