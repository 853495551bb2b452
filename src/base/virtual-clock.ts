/**
 * A Clock that stands still until a test moves it. Time advances from timer to timer, and only while no boundary call
 * is pending and the event loop has run dry; so a run depends on its inputs alone.
 */
import { type Clock, sleepOn, type Timer } from './clock.ts';
import { TimeoutError } from './errors.ts';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Turns of the real event loop that must pass without new work before virtual time may move. */
const quietTurns = 2;

export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #pendingCalls = 0;
  #activity = 0;
  readonly #entries = new Set<Entry>();
  readonly #originMs: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
    this.#originMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#originMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#entries.add(entry);
    const timer: Timer = {
      unref: () => timer,
      [Symbol.dispose]: () => {
        this.#entries.delete(entry);
      },
    };
    return timer;
  }

  afterTurn(callback: () => void): void {
    this.#pendingCalls++;
    setImmediate(() => {
      this.#pendingCalls--;
      this.#activity++;
      callback();
    });
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  async boundary<T>(call: Promise<T>): Promise<T> {
    this.#pendingCalls++;
    try {
      return await call;
    } finally {
      this.#pendingCalls--;
      this.#activity++;
    }
  }

  /** Timers that have not fired: what the leak check of a virtual cluster counts. */
  get pendingTimers(): number {
    return this.#entries.size;
  }

  /** Resolves when promises, turns and boundary calls have run dry at the present instant. */
  async settle(): Promise<void> {
    let quiet = 0;
    while (quiet < quietTurns || this.#pendingCalls > 0) {
      const before = this.#activity;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      quiet = this.#activity === before && this.#pendingCalls === 0 ? quiet + 1 : 0;
    }
  }

  /** Moves time by the given span, firing timers in order and letting each one's work run dry. */
  async advance(spanMs: number): Promise<void> {
    const untilMs = this.#nowMs + spanMs;
    await this.settle();
    for (let entry = this.#next(untilMs); entry; entry = this.#next(untilMs)) {
      this.#fire(entry);
      await this.settle();
    }
    this.#nowMs = untilMs;
  }

  /** Moves time until the condition holds; a TimeoutError when it does not within the span of virtual time. */
  async until(condition: () => boolean | Promise<boolean>, spanMs = 60_000, what = 'condition'): Promise<void> {
    const untilMs = this.#nowMs + spanMs;
    await this.settle();
    while (!(await condition())) {
      const entry = this.#next(untilMs);
      if (!entry) throw new TimeoutError(`${what} did not come to hold within ${spanMs} ms of virtual time`);
      this.#fire(entry);
      await this.settle();
    }
  }

  #fire(entry: Entry): void {
    this.#entries.delete(entry);
    this.#nowMs = Math.max(this.#nowMs, entry.atMs);
    entry.callback();
  }

  #next(untilMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.atMs > untilMs) continue;
      if (!first || entry.atMs < first.atMs || (entry.atMs === first.atMs && entry.order < first.order)) first = entry;
    }
    return first;
  }
}
