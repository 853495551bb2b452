/** Aborts its signal when nothing has been heard for a time: a connection can die without closing. */
import { type Clock, onAbort, TimeoutError, type Timer } from '../base/index.ts';

export class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #outer: Disposable;
  #silenceMs: number;
  #heardAtMs: number;
  #timer: Timer | undefined;

  constructor(options: { clock: Clock; silenceMs: number; signal: AbortSignal }) {
    this.#clock = options.clock;
    this.#silenceMs = options.silenceMs;
    this.#heardAtMs = options.clock.monotonic();
    this.#outer = onAbort(options.signal, () => this.#controller.abort(options.signal.reason));
    this.#arm(options.silenceMs);
  }

  /** Aborts with the caller's signal, or after the silence with a TimeoutError as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#heardAtMs = this.#clock.monotonic();
  }

  /** Changes how long the silence may last, from now on. */
  allow(silenceMs: number): void {
    this.heard();
    this.#silenceMs = silenceMs;
    this.#arm(silenceMs);
  }

  /** One timer for the whole watch: hearing something only moves the time that it checks when it fires. */
  #arm(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock
      .setTimer(delayMs, () => {
        const leftMs = this.#heardAtMs + this.#silenceMs - this.#clock.monotonic();
        if (leftMs > 0) this.#arm(Math.ceil(leftMs));
        else this.#controller.abort(new TimeoutError(`heard nothing for ${this.#silenceMs} ms`));
      })
      .unref();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#outer[Symbol.dispose]();
  }
}
