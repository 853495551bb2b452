/**
 * Long work beside the syncs: provisioning, deletion and recycling by plugins of this process. One operation at a time
 * per name, and after a failure not before its back-off has passed, however often it is asked for.
 * Upstream: goroutinemap with exponential back-off.
 */
import { Backoff, type BackoffOptions, type Clock, isAbort, type Logger, messageOf } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter, runReconciler, type WorkQueue } from '../../client/index.ts';

export type OperationKind = 'provision' | 'delete' | 'recycle';

/** Runs one operation to its end. A throw means: failed, try again after the back-off. */
export type RunOperation = (kind: OperationKind, key: string, signal: AbortSignal) => Promise<void>;

export interface OperationsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly run: RunOperation;
}

/** Each may hold a directory tree in deletion: more at once would only slow the disk down. */
const concurrentOperations = 32;
/** Upstream's. */
const backoff: BackoffOptions = { initialMs: 500, maxMs: 122_000 };

export class VolumeOperations implements AsyncDisposable {
  readonly #options: OperationsOptions;
  readonly #queue: WorkQueue & AsyncDisposable;
  readonly #backoff = new Backoff<string>(backoff);
  /** Of operations that failed: when they may run again, on the monotonic clock. */
  readonly #notBeforeMs = new Map<string, number>();

  constructor(options: OperationsOptions) {
    this.#options = options;
    const { clock, logger } = options;
    const reconcile = (name: string, signal: AbortSignal) => this.#run(name, signal);
    this.#queue = runReconciler({ name: 'operation', clock, logger, concurrency: concurrentOperations, reconcile });
  }

  /** Asks for the operation on the object with the key. Asked for while it runs, it runs once more. */
  start(kind: OperationKind, key: string): void {
    this.#queue.add(`${kind}/${key}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
  }

  async #run(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { clock, logger, run } = this.#options;
    const waitMs = (this.#notBeforeMs.get(name) ?? 0) - clock.monotonic();
    if (waitMs > 0) return requeueAfter(waitMs);
    const [kind, ...key] = name.split('/');
    try {
      await run(kind as OperationKind, key.join('/'), signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      const delayMs = this.#backoff.next(name);
      this.#notBeforeMs.set(name, clock.monotonic() + delayMs);
      logger.debug('operation failed, trying again', { operation: name, error: messageOf(error), delayMs });
      return requeueAfter(delayMs);
    }
    this.#backoff.forget(name);
    this.#notBeforeMs.delete(name);
    return done;
  }
}
