import type { Clock } from '../base/index.ts';

export interface BucketOptions {
  /** Tokens that come per second. */
  readonly qps: number;
  /** Tokens that can be saved up. */
  readonly burst: number;
}

/** A rate limit: `burst` at once, then `qps` per second. */
export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #options: BucketOptions;
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: Pick<Clock, 'monotonic'>, options: BucketOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAtMs = clock.monotonic();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Takes a token, on credit if need be, and returns how many milliseconds to wait until it is there. */
  take(): number {
    this.#fill();
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#options.qps) * 1000;
  }

  #fill(): void {
    const nowMs = this.#clock.monotonic();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#options.qps;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
  }
}
