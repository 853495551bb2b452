/**
 * The write side that all embedded stores share: one queue, group commit, compare-and-swap against the queued state.
 * The writes of an event-loop turn are one batch; while a batch is on its way to the disk the next one collects. A
 * failed batch takes everything that was queued on top of it along, and the state stays what was last committed.
 */
import type { KubernetesObject } from '../../api/index.ts';
import { assert, type Clock, type Logger, type Timer, withDeadline } from '../../base/index.ts';
import type { CommitLog, CommitRow } from './commit-log.ts';
import type { StoreState } from './state.ts';
import {
  type Store,
  StoreConflict,
  type StoredObject,
  type StoreEvent,
  type StoreList,
  type StoreListener,
  StoreUnavailable,
  type StoreWrite,
} from './store.ts';
import { Subscribers } from './subscribers.ts';

export interface CommittingStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: CommitLog;
  readonly state: StoreState;
  /** Rows that recovery found to be garbage. */
  readonly garbage?: readonly number[];
}

interface QueuedWrite {
  readonly write: StoreWrite;
  readonly event: StoreEvent;
  readonly row: CommitRow;
  readonly bytes: number;
  readonly forDeletion: boolean;
  /** Was in a batch that failed for lack of space, and has been given a second one. */
  readonly retried: boolean;
  readonly done: PromiseWithResolvers<number>;
}

/** A batch stays short enough for a commit of some milliseconds. */
const batchWrites = 1_000;
const batchBytes = 8 * 1024 * 1024;
/** More than this in the queue means the disk does not keep up: the writer is told so, and may come back. */
const queueWrites = 20_000;
const queueBytes = 64 * 1024 * 1024;
/** Garbage rows that one commit deletes along: a steady stream of writes keeps up with its own garbage. */
const garbagePerBatch = 2_000;
/** This much garbage is worth a commit of its own; less waits for the next write. */
const garbageAlone = 500;
/** History that came of age is dropped this often at most, so that rare writes stay rare. */
const compactionIntervalMs = 60_000;
/** A disk that hangs does not keep the process from ending. */
const closeTimeoutMs = 10_000;
/** On a full disk, a write that is no deletion tries this often whether there is room again. */
const fullRetryMs = 500;

export class CommittingStore implements Store {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #log: CommitLog;
  readonly #state: StoreState;
  readonly #subscribers: Subscribers;
  /** The newest queued write of each key that has one. */
  readonly #queued = new Map<string, QueuedWrite>();
  #waiting: QueuedWrite[] = [];
  #waitingBytes = 0;
  #garbage: number[];
  /** The newest revision that was given to a write. */
  #newest: number;
  #committing: Promise<void> | undefined;
  #scheduled = false;
  #broken = false;
  #fullSinceMs: number | undefined;
  #compaction: Timer | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: CommittingStoreOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#state = options.state;
    this.#newest = options.state.revision;
    this.#garbage = [...(options.garbage ?? [])];
    this.#logger = options.logger;
    this.#subscribers = new Subscribers((error) => options.logger.error('a store listener failed', { error }));
    this.#compact(this.#clock.monotonic());
    if (this.#garbage.length >= garbageAlone) this.#schedule();
  }

  get revision(): number {
    return this.#state.revision;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    return this.#state.get(key);
  }

  async list(prefix: string, atRevision?: number): Promise<StoreList> {
    return this.#state.list(prefix, atRevision);
  }

  async write(write: StoreWrite): Promise<number> {
    return await this.#enqueue(write, Promise.withResolvers<number>(), false);
  }

  async subscribe(prefix: string, fromRevision: number, listener: StoreListener): Promise<Disposable> {
    const missed: StoreEvent[] = [];
    for (const event of this.#state.history.after(fromRevision)) if (event.key.startsWith(prefix)) missed.push(event);
    if (missed.length > 0) this.#subscribers.tell(listener, missed);
    if (fromRevision <= this.#state.revision) return this.#subscribers.add(prefix, listener);
    return this.#subscribers.add(prefix, (events) => {
      const later = events.filter((event) => event.revision > fromRevision);
      if (later.length > 0) listener(later);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#compaction?.[Symbol.dispose]();
    const deadline = { clock: this.#clock, timeoutMs: closeTimeoutMs, what: 'last commit of the store' };
    await withDeadline(deadline, async () => {
      await this.#committing;
      if (this.#waiting.length > 0) await this.#commit();
    }).catch((error: unknown) => this.#logger.error('the store was closed with writes in its queue', { error }));
    await this.#clock.boundary(this.#log[Symbol.asyncDispose]());
  }

  #enqueue(write: StoreWrite, done: PromiseWithResolvers<number>, retried: boolean): Promise<number> {
    const { key } = write;
    const queued = this.#queued.get(key);
    const stored = this.#state.get(key);
    const previous = queued ? queued.event.current : stored?.object;
    const revision = previous ? Number(previous.metadata.resourceVersion) : 0;
    if (write.expectedRevision !== revision) {
      done.reject(new StoreConflict(key, queued?.done.promise));
      return done.promise;
    }
    assert(write.object || previous, `${key} does not exist and cannot be deleted`);
    const forDeletion = !write.object || write.object.metadata.deletionTimestamp !== undefined;
    const refusal = this.#refusal(forDeletion);
    if (refusal) {
      done.reject(refusal);
      return done.promise;
    }
    this.#queue(write, previous, { done, retried, forDeletion });
    return done.promise;
  }

  #queue(
    write: StoreWrite,
    previous: KubernetesObject | undefined,
    rest: Pick<QueuedWrite, 'done' | 'retried' | 'forDeletion'>,
  ): void {
    const { key } = write;
    const revision = ++this.#newest;
    const current = write.object && stamp(write.object, revision);
    const object = current && this.#log.encode(current);
    const bytes = key.length + (object?.length ?? 0);
    const event: StoreEvent = { revision, key, current, previous };
    const queued: QueuedWrite = { write, event, row: { revision, key, object }, bytes, ...rest };
    this.#queued.set(key, queued);
    this.#waiting.push(queued);
    this.#waitingBytes += bytes;
    this.#schedule();
  }

  #refusal(forDeletion: boolean): StoreUnavailable | undefined {
    if (this.#closed) return new StoreUnavailable('the store is closed', { full: false });
    if (this.#waiting.length >= queueWrites || this.#waitingBytes >= queueBytes) {
      return new StoreUnavailable('too many writes wait for the disk', { full: false });
    }
    const fullMs = this.#fullSinceMs === undefined ? undefined : this.#clock.monotonic() - this.#fullSinceMs;
    if (fullMs === undefined || forDeletion || fullMs >= fullRetryMs) return undefined;
    return new StoreUnavailable('no space left for the store', { full: true });
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    this.#clock.afterTurn(() => {
      this.#scheduled = false;
      if (this.#committing || this.#closed) return;
      this.#committing = this.#commit().finally(() => {
        this.#committing = undefined;
      });
    });
  }

  async #commit(): Promise<void> {
    while (this.#waiting.length > 0 || (this.#garbage.length >= garbageAlone && !this.#closed)) {
      const batch = this.#take();
      const garbage = this.#broken ? [] : this.#garbage.slice(0, garbagePerBatch);
      try {
        await this.#clock.boundary(this.#append(batch, garbage));
      } catch (thrown) {
        this.#fail(batch, StoreUnavailable.from(thrown));
        // Garbage alone is not worth a hot loop on a failing disk: it goes along with the next write.
        if (this.#waiting.length === 0) return;
        continue;
      }
      this.#garbage.splice(0, garbage.length);
      if (batch.some((queued) => !queued.forDeletion)) this.#fullSinceMs = undefined;
      this.#succeed(batch);
    }
  }

  async #append(batch: readonly QueuedWrite[], garbage: readonly number[]): Promise<void> {
    if (this.#broken) await this.#log.reopen(this.#state.revision);
    this.#broken = false;
    await this.#log.append({
      rows: batch.map((queued) => queued.row),
      garbage,
      compacted: this.#state.history.compacted,
      mayUseReserve: batch.every((queued) => queued.forDeletion),
    });
  }

  #take(): QueuedWrite[] {
    let bytes = 0;
    let count = 0;
    for (const queued of this.#waiting) {
      if (count > 0 && (count >= batchWrites || bytes + queued.bytes > batchBytes)) break;
      bytes += queued.bytes;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #succeed(batch: readonly QueuedWrite[]): void {
    const nowMs = this.#clock.monotonic();
    for (const queued of batch) {
      const { event, bytes } = queued;
      this.#state.apply(event, bytes, nowMs);
      if (this.#queued.get(event.key) === queued) this.#queued.delete(event.key);
      queued.done.resolve(event.revision);
    }
    this.#compact(nowMs);
    if (batch.length > 0) this.#subscribers.publish(batch.map((queued) => queued.event));
  }

  /** Gives up the batch and everything that was built on it. Deletions caught up in a full disk get a batch of their own. */
  #fail(batch: readonly QueuedWrite[], error: StoreUnavailable): void {
    this.#broken = true;
    if (error.full) this.#fullSinceMs = this.#clock.monotonic();
    const lost = [...batch, ...this.#waiting];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#queued.clear();
    for (const { write, done, forDeletion, retried } of lost) {
      if (error.full && forDeletion && !retried) this.#enqueue(write, done, true);
      else done.reject(error);
    }
  }

  /** Drops history that is past its limits; its rows are deleted along with the next commits. */
  #compact(nowMs: number): void {
    for (const { revision, current, previous } of this.#state.history.prune(nowMs)) {
      if (previous) this.#garbage.push(Number(previous.metadata.resourceVersion));
      if (!current) this.#garbage.push(revision);
    }
    this.#scheduleCompaction();
  }

  /** Wakes when the oldest history comes of age; a store at rest with no history has no timer. */
  #scheduleCompaction(): void {
    const dueMs = this.#state.history.expiresAtMs;
    if (this.#compaction || dueMs === undefined || this.#closed) return;
    this.#compaction = this.#clock
      .setTimer(Math.max(compactionIntervalMs, Math.ceil(dueMs - this.#clock.monotonic())), () => {
        this.#compaction = undefined;
        this.#compact(this.#clock.monotonic());
        if (this.#garbage.length >= garbageAlone) this.#schedule();
      })
      .unref();
  }
}

/** The object with its resourceVersion set to the revision, frozen like the one it was made of. */
function stamp(object: KubernetesObject, revision: number): KubernetesObject {
  const metadata = Object.freeze({ ...object.metadata, resourceVersion: String(revision) });
  return Object.freeze({ ...object, metadata });
}
