/** The running watches of a server: one timer sends all their bookmarks, and closing the server ends them. */
import { ApiStatusError } from '../../api/index.ts';
import type { Clock, Timer } from '../../base/index.ts';

export interface RunningWatch {
  bookmark(): void;
  end(): void;
}

/** As often as upstream: clients that hear nothing for longer take the connection for dead. */
export const bookmarkIntervalMs = 60_000;

/** What one user may have open at a time: more than any honest client needs. */
const maxWatchesPerUser = 10_000;
const retryAfterSeconds = 5;

export class Watches implements Disposable {
  readonly #clock: Clock;
  readonly #running = new Set<RunningWatch>();
  readonly #countByUser = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Throws TooManyRequests when the user has more open than anybody needs. */
  checkLimit(user: string): void {
    if ((this.#countByUser.get(user) ?? 0) < maxWatchesPerUser) return;
    throw ApiStatusError.of('TooManyRequests', 'too many watches are open, please close some', { retryAfterSeconds });
  }

  add(watch: RunningWatch, user: string): Disposable {
    this.#running.add(watch);
    this.#change(user, 1);
    this.#schedule();
    return {
      [Symbol.dispose]: () => {
        if (this.#running.delete(watch)) this.#change(user, -1);
        if (this.#running.size === 0) this.#stop();
      },
    };
  }

  #change(user: string, by: number): void {
    const count = (this.#countByUser.get(user) ?? 0) + by;
    if (count > 0) this.#countByUser.set(user, count);
    else this.#countByUser.delete(user);
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
