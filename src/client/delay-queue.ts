/** Keys that come due later, in the order of time, on one timer. Owned by a work queue. */
import type { Clock, Timer } from '../base/index.ts';

interface Entry {
  readonly key: string;
  readonly atMs: number;
}

export class DelayQueue implements Disposable {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  /** When each key is due. A heap entry with another time was overtaken by an earlier one. */
  readonly #due = new Map<string, number>();
  /** Binary heap, earliest first. */
  readonly #heap: Entry[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#due.size;
  }

  /** A key that waits already comes due at the earlier of both times. */
  add(key: string, delayMs: number): void {
    const atMs = this.#clock.monotonic() + Math.ceil(delayMs);
    const known = this.#due.get(key);
    if (known !== undefined && known <= atMs) return;
    this.#due.set(key, atMs);
    this.#push({ key, atMs });
    this.#arm();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#due.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || first.atMs >= this.#timerAtMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAtMs = first.atMs;
    // Whole milliseconds, rounded up: a timer that fires a fraction early would be set again without end.
    const leftMs = Math.ceil(first.atMs - this.#clock.monotonic());
    this.#timer = this.#clock.setTimer(Math.max(1, leftMs), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonic();
    for (let first = this.#heap[0]; first && first.atMs <= nowMs; first = this.#heap[0]) {
      this.#pop();
      if (this.#due.get(first.key) !== first.atMs) continue;
      this.#due.delete(first.key);
      this.#onDue(first.key);
    }
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || parent.atMs <= entry.atMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const child = right && left && right.atMs < left.atMs ? right : left;
      if (!child || child.atMs >= last.atMs) break;
      heap[at] = child;
      at = 2 * at + (child === left ? 1 : 2);
    }
    heap[at] = last;
  }
}
