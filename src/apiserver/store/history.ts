/**
 * The recent commits of a store, oldest first: what watches resume from and what lists of the past are computed with.
 * It is bounded by number, size and age; what it drops is gone for readers (StoreCompacted) and garbage on the disk.
 */
import { StoreCompacted, type StoreEvent } from './store.ts';

export interface HistoryLimits {
  readonly events: number;
  /** Counted in the JSON text of the events' objects. */
  readonly bytes: number;
  readonly ageMs: number;
}

/**
 * Five minutes, as upstream compacts. A burst may cut it short at 100,000 events, or at 32 MB, because the history
 * holds on to every version of an object; a watch that is resumed is seconds behind, not minutes.
 */
export const defaultHistoryLimits: HistoryLimits = { events: 100_000, bytes: 32 * 1024 * 1024, ageMs: 300_000 };

export interface HistoryEntry {
  readonly event: StoreEvent;
  readonly bytes: number;
  readonly atMs: number;
}

/** Dropped entries are cut off the array when they outnumber the living, so that dropping stays cheap. */
const smallestCut = 1024;

export class History {
  readonly #limits: HistoryLimits;
  #entries: HistoryEntry[] = [];
  #head = 0;
  #bytes = 0;
  #compacted: number;

  constructor(limits: HistoryLimits, compacted: number) {
    this.#limits = limits;
    this.#compacted = compacted;
  }

  /** The newest revision that was dropped: readers may ask for what came after it. */
  get compacted(): number {
    return this.#compacted;
  }

  /** When the oldest entry comes of age; undefined without entries. */
  get expiresAtMs(): number | undefined {
    const oldest = this.#oldest;
    return oldest && oldest.atMs + this.#limits.ageMs;
  }

  add(entry: HistoryEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  /** Drops what exceeds the limits at the given time, and returns it. */
  prune(nowMs: number): StoreEvent[] {
    const { events, bytes, ageMs } = this.#limits;
    const dropped: StoreEvent[] = [];
    for (let oldest = this.#oldest; oldest; oldest = this.#oldest) {
      const count = this.#entries.length - this.#head;
      if (count <= events && this.#bytes <= bytes && oldest.atMs + ageMs > nowMs) break;
      this.#head++;
      this.#bytes -= oldest.bytes;
      this.#compacted = oldest.event.revision;
      dropped.push(oldest.event);
    }
    if (this.#head > smallestCut && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return dropped;
  }

  /** The events after a revision, oldest first. Throws StoreCompacted when some of them were dropped. */
  after(revision: number): Iterable<StoreEvent> {
    const start = this.#start(revision);
    const end = this.#entries.length;
    const entries = this.#entries;
    return (function* () {
      for (let i = start; i < end; i++) yield (entries[i] as HistoryEntry).event;
    })();
  }

  /** The events after a revision, newest first. Throws StoreCompacted when some of them were dropped. */
  backTo(revision: number): Iterable<StoreEvent> {
    const start = this.#start(revision);
    const entries = this.#entries;
    return (function* () {
      for (let i = entries.length - 1; i >= start; i--) yield (entries[i] as HistoryEntry).event;
    })();
  }

  get #oldest(): HistoryEntry | undefined {
    return this.#entries[this.#head];
  }

  #start(revision: number): number {
    if (revision < this.#compacted) {
      throw new StoreCompacted(`revision ${revision} is gone, the oldest that is kept is ${this.#compacted}`);
    }
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as HistoryEntry).event.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
