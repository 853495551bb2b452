/** Claims whose last attempt no retry can help, unless the driver's mind or its configuration changes. */
import type { Clock } from '../../base/index.ts';

interface Wait {
  readonly untilMs: number;
  /** What was asked for: something else may be tried at once. */
  readonly subject: string;
}

export class SlowRetries {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #delayMs: number;
  readonly #waits = new Map<string, Wait>();

  constructor(clock: Pick<Clock, 'monotonic'>, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** How long the claim still has to wait, 0 when it may be tried. */
  leftMs(key: string, subject = ''): number {
    const wait = this.#waits.get(key);
    return wait?.subject === subject ? Math.max(0, wait.untilMs - this.#clock.monotonic()) : 0;
  }

  /** As `leftMs`; a claim that does not wait yet waits from now on. */
  leftOfFirst(key: string, subject = ''): number {
    if (this.#waits.get(key)?.subject !== subject) this.add(key, subject);
    return this.leftMs(key, subject);
  }

  /** The claim waits from now on. */
  add(key: string, subject = ''): void {
    this.#waits.set(key, { untilMs: this.#clock.monotonic() + this.#delayMs, subject });
  }

  delete(key: string): void {
    this.#waits.delete(key);
  }
}
