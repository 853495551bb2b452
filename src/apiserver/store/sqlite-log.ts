/**
 * The CommitLog on SQLite: hands batches to a worker thread, so that no sync of the disk stops the event loop. A worker
 * that died is replaced at the next reopen.
 */
import { Worker } from 'node:worker_threads';
import type { KubernetesObject } from '../../api/index.ts';
import { type Clock, messageOf, withDeadline } from '../../base/index.ts';
import type { CommitBatch, CommitLog, CommitRow } from './commit-log.ts';
import type { SqliteCall, SqliteFailure, SqliteReply, SqliteRequest, SqliteResults } from './sqlite-protocol.ts';
import { StoreUnavailable } from './store.ts';
import { StoreDirectoryError } from './store-directory-error.ts';

/** Room for the largest batch and its copies; recovery reads in small pieces. */
const workerLimits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 };
const closeTimeoutMs = 10_000;

/** The worker's file lies beside this one: as source, or bundled under the same name. */
function workerFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./sqlite-worker.${extension}`, import.meta.url);
}

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class SqliteLog implements CommitLog {
  readonly #clock: Clock;
  readonly #path: string;
  readonly #pending = new Map<number, PendingCall>();
  #worker: Worker | undefined;
  #lastId = 0;

  constructor(clock: Clock, path: string) {
    this.#clock = clock;
    this.#path = path;
  }

  /** Throws StoreDirectoryError. */
  async open(): Promise<{ readonly compacted: number }> {
    this.#worker = this.#start();
    try {
      return await this.#call<'open'>({ call: 'open', path: this.#path });
    } catch (thrown) {
      await this.#worker?.terminate();
      throw thrown;
    }
  }

  /** The rows after a revision, in order. Throws StoreDirectoryError when one is damaged. */
  read(after: number, limit: number): Promise<readonly CommitRow[]> {
    return this.#call<'read'>({ call: 'read', after, limit });
  }

  /** Keeps space for deletions back, in the background. */
  holdReserve(): void {
    // Without room for a reserve the store works on: only deletions on a full disk may then fail.
    this.#call<'holdReserve'>({ call: 'holdReserve' }).catch(() => {});
  }

  encode(object: KubernetesObject): string {
    return JSON.stringify(object);
  }

  async append(batch: CommitBatch): Promise<void> {
    await this.#call<'append'>({ call: 'append', batch });
  }

  async reopen(revision: number): Promise<void> {
    if (!this.#worker) await this.open();
    await this.#call<'reopen'>({ call: 'reopen', revision });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    worker.once('exit', () => resolve());
    const deadline = { clock: this.#clock, timeoutMs: closeTimeoutMs, what: 'close of the store' };
    try {
      await withDeadline(deadline, async () => {
        await this.#call<'close'>({ call: 'close' });
        await exited;
      });
    } catch {
      // A disk that hangs: what was acknowledged is in the write-ahead log.
      await worker.terminate();
    }
  }

  #call<C extends SqliteCall['call']>(call: Extract<SqliteCall, { call: C }>): Promise<SqliteResults[C]> {
    const { promise, resolve, reject } = Promise.withResolvers<SqliteResults[C]>();
    if (!this.#worker) {
      reject(new StoreUnavailable('the thread of the store has ended', { full: false }));
      return promise;
    }
    const id = ++this.#lastId;
    // The worker answers each call with the result of that call.
    this.#pending.set(id, { resolve: (value) => resolve(value as SqliteResults[C]), reject });
    const request: SqliteRequest = { ...call, id };
    this.#worker.postMessage(request);
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(workerFile(), { name: 'store', resourceLimits: workerLimits, execArgv: [] });
    worker.on('message', (reply: SqliteReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ('failure' in reply) pending?.reject(errorOf(reply.failure));
      else pending?.resolve(reply.value);
    });
    const end = (cause?: unknown) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const pending of this.#pending.values()) {
        const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
        pending.reject(new StoreUnavailable(`the thread of the store has ended${why}`, { cause, full: false }));
      }
      this.#pending.clear();
    };
    worker.on('error', end);
    worker.on('exit', () => end());
    return worker;
  }
}

function errorOf(failure: SqliteFailure): Error {
  if (failure.kind === 'directory') return new StoreDirectoryError(failure.message);
  return new StoreUnavailable(failure.message, { full: failure.full });
}
