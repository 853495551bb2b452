/** How long a node waits for the next pod after its last one failed: longer each time, forgotten after a good while. */
import { type BackoffOptions, backoffMs, type Clock } from '../../base/index.ts';

/** Upstream: failedPodsBackoff. */
const backoff: BackoffOptions = { initialMs: 1000, maxMs: 15 * 60_000 };
const forgottenAfterMs = 2 * backoff.maxMs;

interface Failure {
  readonly count: number;
  readonly atMs: number;
}

export class FailedPodBackoff {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #failures = new Map<string, Failure>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** 0 when the pod may be replaced now, and counts it as one more failure; else how long to wait. */
  take(key: string): number {
    const nowMs = this.#clock.monotonic();
    const last = this.#failures.get(key);
    if (last) {
      const waitMs = last.atMs + backoffMs(backoff, last.count) - nowMs;
      if (waitMs > 0) return waitMs;
    }
    const isForgotten = !last || nowMs - last.atMs > forgottenAfterMs;
    this.#failures.set(key, { count: isForgotten ? 1 : last.count + 1, atMs: nowMs });
    return 0;
  }

  /** Drops what is too old to count; of a set that is gone, everything. */
  forget(prefix?: string): void {
    const nowMs = this.#clock.monotonic();
    for (const [key, { atMs }] of this.#failures) {
      if (nowMs - atMs > forgottenAfterMs || (prefix !== undefined && key.startsWith(prefix)))
        this.#failures.delete(key);
    }
  }
}
