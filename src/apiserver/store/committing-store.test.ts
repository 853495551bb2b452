import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, VirtualClock } from '../../base/index.ts';
import type { CommitBatch, CommitLog } from './commit-log.ts';
import { CommittingStore } from './committing-store.ts';
import { defaultHistoryLimits } from './history.ts';
import { StoreState } from './state.ts';
import { StoreUnavailable } from './store.ts';
import { configMap, dataOf } from './store-contract-objects.ts';

/** A log whose appends end when and how the test says. */
class ScriptedLog implements CommitLog {
  readonly batches: CommitBatch[] = [];
  readonly reopened: number[] = [];
  held: PromiseWithResolvers<void> | undefined;
  /** Asked for every batch. */
  failure: (batch: CommitBatch) => Error | undefined = () => undefined;

  encode(object: object): string {
    return JSON.stringify(object);
  }

  async append(batch: CommitBatch): Promise<void> {
    this.batches.push(batch);
    await this.held?.promise;
    const failure = this.failure(batch);
    if (failure) throw failure;
  }

  async reopen(revision: number): Promise<void> {
    this.reopened.push(revision);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const failing = new StoreUnavailable('the disk is failing', { full: false });
const full = new StoreUnavailable('no space left', { full: true });

let clock: VirtualClock;
let log: ScriptedLog;
let store: CommittingStore;

const put = (name: string, expectedRevision = 0, value = '') =>
  store.write({ key: `configmaps/a/${name}`, expectedRevision, object: configMap(name, value) });
const remove = (name: string, expectedRevision: number) =>
  store.write({ key: `configmaps/a/${name}`, expectedRevision, object: undefined });
const keysOf = (batch: CommitBatch | undefined) => batch?.rows.map((row) => row.key.slice('configmaps/a/'.length));

function open(limits = defaultHistoryLimits): void {
  store = new CommittingStore({ clock, log, logger: silentLogger, state: new StoreState(limits) });
}

beforeEach(() => {
  clock = new VirtualClock();
  log = new ScriptedLog();
  open();
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  expect(clock.pendingTimers).toBe(0);
});

describe('group commit', () => {
  it('makes one batch of the writes of a turn, and one of those that came while it was written', async () => {
    log.held = Promise.withResolvers();
    const first = [put('a'), put('b')];
    while (log.batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = [put('c'), put('d')];
    log.held.resolve();
    await Promise.all([...first, ...second]);
    expect(log.batches.map(keysOf)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('[rel-A2] answers and publishes only after the batch is durable', async () => {
    log.held = Promise.withResolvers();
    const seen: string[] = [];
    await store.subscribe('', store.revision, () => seen.push('published'));
    const answer = put('a').then(() => seen.push('answered'));
    while (log.batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await store.get('configmaps/a/a')).toBeUndefined();
    expect(seen).toEqual([]);
    log.held.resolve();
    await answer;
    expect(seen).toEqual(['published', 'answered']);
  });

  it('cuts a batch at a thousand writes', async () => {
    await Promise.all(Array.from({ length: 2500 }, (_, i) => put(`c${i}`)));
    expect(log.batches.map((batch) => batch.rows.length)).toEqual([1000, 1000, 500]);
  });

  it('[rel-F-ST7] refuses writes when too many wait for the disk', async () => {
    log.held = Promise.withResolvers();
    const writes = Array.from({ length: 20_000 }, (_, i) => put(`c${i}`));
    await expect(put('late')).rejects.toBeInstanceOf(StoreUnavailable);
    log.held.resolve();
    await Promise.all(writes);
    await put('late');
  });

  it('writes what waits before it closes, and refuses what comes after', async () => {
    const last = put('a');
    const closed = store[Symbol.asyncDispose]();
    await last;
    await closed;
    await expect(put('b')).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

describe('a failed commit', () => {
  it('[rel-F-ST4] rejects its batch and everything queued on top, and the state stays as committed', async () => {
    const revision = await put('a', 0, 'committed');
    log.held = Promise.withResolvers();
    log.failure = () => failing;
    const writes = [put('a', revision, 'lost'), put('b')];
    while (log.batches.length < 2) await new Promise((resolve) => setImmediate(resolve));
    writes.push(put('c'));
    log.held.resolve();
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(log.batches.length).toBe(2);
    expect(dataOf((await store.get('configmaps/a/a'))?.object)).toBe('committed');
    expect(store.revision).toBe(revision);
  });

  it('[rel-A1] is followed by a reopened log and by revisions that were never used', async () => {
    const committed = await put('a');
    log.failure = () => failing;
    await expect(put('b')).rejects.toBe(failing);
    log.failure = () => undefined;
    const next = await put('b');
    expect(log.reopened).toEqual([committed]);
    expect(next).toBeGreaterThan(committed + 1);
  });

  it('leaves writers free to write on the committed state again', async () => {
    const revision = await put('a');
    log.failure = () => failing;
    await expect(put('a', revision, 'lost')).rejects.toBe(failing);
    log.failure = () => undefined;
    await put('a', revision, 'kept');
  });
});

describe('a full disk', () => {
  beforeEach(() => {
    log.failure = (batch) => (batch.mayUseReserve ? undefined : full);
  });

  it('[rel-F-ST3] refuses writes at once while it lasts, and takes them again by itself', async () => {
    await expect(put('a')).rejects.toMatchObject({ full: true });
    await expect(put('b')).rejects.toMatchObject({ full: true });
    expect(log.batches.length).toBe(1);
    log.failure = () => undefined;
    await clock.advance(500);
    await put('b');
    await put('c');
  });

  it('[rel-F-ST3] takes deletions, also those that were caught in a failing batch', async () => {
    log.failure = () => undefined;
    const revisions = await Promise.all([put('a'), put('b'), put('c')]);
    log.failure = (batch) => (batch.mayUseReserve ? undefined : full);
    const refused = put('d');
    const deletion = remove('a', revisions[0]);
    await expect(refused).rejects.toMatchObject({ full: true });
    await deletion;
    await remove('b', revisions[1]);
    const terminating = { ...configMap('c', ''), metadata: { ...configMap('c', '').metadata, deletionTimestamp: 'x' } };
    await store.write({ key: 'configmaps/a/c', expectedRevision: revisions[2], object: terminating });
    expect((await store.list('')).items.map((item) => item.key)).toEqual(['configmaps/a/c']);
  });
});

describe('compaction', () => {
  it('names the rows that nobody needs once their history is dropped', async () => {
    open({ events: 2, bytes: 1e9, ageMs: 1e9 });
    const one = await put('a', 0, '1');
    const two = await put('a', one, '2');
    const three = await remove('a', two);
    await put('b');
    await put('c');
    await put('d');
    const garbage = log.batches.flatMap((batch) => batch.garbage);
    expect(garbage).toEqual([one, two, three]);
    for (const batch of log.batches) for (const row of batch.garbage) expect(row).toBeLessThanOrEqual(batch.compacted);
  });

  it('drops history of age in the background, and writes on its own only when that is worth a commit', async () => {
    open({ events: 1e6, bytes: 1e9, ageMs: 300_000 });
    let revision = 0;
    for (let i = 0; i < 600; i++) revision = await put('a', revision, String(i));
    const batches = log.batches.length;
    await clock.advance(300_000);
    await clock.advance(60_000);
    expect(log.batches.slice(batches).map((batch) => [batch.rows.length, batch.garbage.length])).toEqual([[0, 599]]);
    expect(clock.pendingTimers).toBe(0);
  });
});
