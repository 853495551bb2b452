/** The running watches of a server: one timer sends all their bookmarks, and closing the server ends them. */
import type { Clock, Timer } from '../../base/index.ts';

export interface RunningWatch {
  bookmark(): void;
  end(): void;
}

/** As often as upstream: clients that hear nothing for longer take the connection for dead. */
export const bookmarkIntervalMs = 60_000;

export class Watches implements Disposable {
  readonly #clock: Clock;
  readonly #running = new Set<RunningWatch>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#running.size;
  }

  add(watch: RunningWatch): Disposable {
    this.#running.add(watch);
    this.#schedule();
    return {
      [Symbol.dispose]: () => {
        this.#running.delete(watch);
        if (this.#running.size === 0) this.#stop();
      },
    };
  }

  #schedule(): void {
    this.#timer ??= this.#clock
      .setTimer(bookmarkIntervalMs, () => {
        this.#timer = undefined;
        for (const watch of this.#running) watch.bookmark();
        if (this.#running.size > 0) this.#schedule();
      })
      .unref();
  }

  #stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    for (const watch of [...this.#running]) watch.end();
    this.#stop();
  }
}
