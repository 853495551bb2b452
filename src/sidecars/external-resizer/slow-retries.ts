/** Claims whose last attempt no retry can help, unless the driver's mind or its configuration changes. */
import type { Clock } from '../../base/index.ts';

export class SlowRetries {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #delayMs: number;
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** How long the claim still has to wait, 0 when it may be tried. */
  leftMs(key: string): number {
    return Math.max(0, (this.#untilMs.get(key) ?? 0) - this.#clock.monotonic());
  }

  /** The claim waits from now on. */
  add(key: string): void {
    this.#untilMs.set(key, this.#clock.monotonic() + this.#delayMs);
  }

  delete(key: string): void {
    this.#untilMs.delete(key);
  }
}
