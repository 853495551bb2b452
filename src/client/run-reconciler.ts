/**
 * Runs a Reconcile over a queue of keys. The keys that are added in one turn of the event loop are started together
 * after it, so that their writes share a commit and a burst of events on one object is one run.
 */
import { isConflict } from '../api/index.ts';
import {
  Backoff,
  type BackoffOptions,
  type Clock,
  isAbort,
  type Logger,
  messageOf,
  unreachable,
  withDeadline,
} from '../base/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { DelayQueue } from './delay-queue.ts';
import type { Reconcile, ReconcileResult, WorkQueue } from './reconciler.ts';
import { type BucketOptions, TokenBucket } from './token-bucket.ts';
import { KeyQueue } from './work-queue.ts';
import { WorkQueueMetrics } from './work-queue-metrics.ts';

export type ReconcileOutcome =
  | ReconcileResult
  | { readonly kind: 'failed'; readonly error: unknown; readonly retryAfterMs: number };

export interface ReconcilerOptions {
  /** Named in logs and metrics. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly reconcile: Reconcile;
  /** Keys that run at a time; 32 by default. */
  readonly concurrency?: number | undefined;
  /** How long a key waits after its n-th failure in a row; 5 ms to 1000 s by default, as upstream. */
  readonly backoff?: BackoffOptions;
  /** Limits the retries of all keys together; upstream's is 10 per second after a burst of 100. None by default. */
  readonly retryBucket?: BucketOptions;
  readonly onResult?: (key: string, outcome: ReconcileOutcome) => void;
}

const defaultConcurrency = 32;
const defaultBackoff: BackoffOptions = { initialMs: 5, maxMs: 1_000_000 };
/** What runs when the reconciler is disposed gets its signal aborted and this long to end. */
const drainTimeoutMs = 10_000;

export function runReconciler(options: ReconcilerOptions): WorkQueue & AsyncDisposable {
  return new Reconciler(options);
}

class Reconciler implements WorkQueue, AsyncDisposable {
  readonly #options: ReconcilerOptions;
  readonly #queue = new KeyQueue();
  readonly #delayed: DelayQueue;
  readonly #backoff: Backoff<string>;
  readonly #bucket: TokenBucket | undefined;
  readonly #metrics: WorkQueueMetrics | undefined;
  readonly #stop = new AbortController();
  readonly #drained = Promise.withResolvers<void>();
  #pumping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#delayed = new DelayQueue(options.clock, (key) => this.add(key));
    this.#backoff = new Backoff(options.backoff ?? defaultBackoff);
    const { metrics, clock, name } = options;
    this.#metrics = metrics ? new WorkQueueMetrics(metrics, clock, name) : undefined;
    this.#bucket = options.retryBucket ? new TokenBucket(options.clock, options.retryBucket) : undefined;
  }

  get length(): number {
    return this.#queue.length;
  }

  add(key: string): void {
    if (this.#stop.signal.aborted) return;
    this.#metrics?.added(key);
    this.#queue.add(key);
    this.#pump();
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    if (delayMs <= 0) this.add(key);
    else this.#delayed.add(key, delayMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    const { clock, name, logger } = this.#options;
    this.#stop.abort();
    this.#queue.clear();
    this.#metrics?.[Symbol.dispose]();
    this.#delayed[Symbol.dispose]();
    if (this.#queue.running === 0) return;
    const deadline = { clock, timeoutMs: drainTimeoutMs, what: `stop of ${name}` };
    await withDeadline(deadline, () => this.#drained.promise).catch((error: unknown) => {
      logger.error('reconciles ignored the stop', { reconciler: name, running: this.#queue.running, error });
    });
  }

  #pump(): void {
    if (this.#pumping || !this.#queue.ready) return;
    this.#pumping = true;
    this.#options.clock.afterTurn(() => {
      this.#pumping = false;
      const concurrency = this.#options.concurrency ?? defaultConcurrency;
      while (this.#queue.running < concurrency) {
        const key = this.#queue.next();
        if (key === undefined) break;
        this.#metrics?.started(key);
        void this.#run(key);
      }
    });
  }

  async #run(key: string): Promise<void> {
    let outcome: ReconcileOutcome;
    try {
      outcome = await this.#options.reconcile(key, this.#stop.signal);
    } catch (error) {
      outcome = { kind: 'failed', error, retryAfterMs: 0 };
    }
    this.#queue.done(key);
    this.#metrics?.ended(key);
    if (this.#stop.signal.aborted) {
      if (this.#queue.running === 0) this.#drained.resolve();
      return;
    }
    this.#settle(key, outcome);
    this.#pump();
  }

  #settle(key: string, outcome: ReconcileOutcome): void {
    switch (outcome.kind) {
      case 'done':
        this.#backoff.forget(key);
        break;
      case 'requeueAfter':
        this.#backoff.forget(key);
        this.addAfter(key, outcome.delayMs);
        break;
      case 'failed': {
        const retryAfterMs = Math.max(this.#backoff.next(key), this.#bucket?.take() ?? 0);
        this.#metrics?.retried();
        this.#logFailure(key, outcome.error, retryAfterMs);
        this.addAfter(key, retryAfterMs);
        this.#options.onResult?.(key, { ...outcome, retryAfterMs });
        return;
      }
      default:
        unreachable(outcome, 'outcome');
    }
    this.#options.onResult?.(key, outcome);
  }

  /** The first failure of a key is news; its retries, and writes that lost a race, are detail. */
  #logFailure(key: string, thrown: unknown, retryAfterMs: number): void {
    const { logger, name } = this.#options;
    const fields = { reconciler: name, key, error: messageOf(thrown), retryAfterMs };
    if (this.#backoff.failures(key) > 1 || isConflict(thrown) || isAbort(thrown)) {
      logger.debug('reconcile failed, trying again', fields);
    } else {
      logger.warn('reconcile failed, trying again', fields);
    }
  }
}
