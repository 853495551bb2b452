/**
 * The pods that are being tried, with what happened meanwhile: one shared log, of which each pod knows where it began.
 * No event is lost: a pod whose part of the log was cut off is told that anything may have happened.
 */
import type { Happening } from '../framework/cluster-event.ts';

/** Enough for a long bind among thousands of others; beyond, a pod is simply tried once more. */
const maxLogged = 10_000;

export class InFlight {
  /** In the order in which they were taken, so the first began first. */
  readonly #beganAt = new Map<string, number>();
  #log: Happening[] = [];
  /** The number of the log's first entry, counted from the start of the program. */
  #first = 0;

  has(uid: string): boolean {
    return this.#beganAt.has(uid);
  }

  get size(): number {
    return this.#beganAt.size;
  }

  begin(uid: string): void {
    this.#beganAt.delete(uid);
    this.#beganAt.set(uid, this.#first + this.#log.length);
  }

  note(happening: Happening): void {
    if (this.#beganAt.size === 0) return;
    if (this.#log.length >= 2 * maxLogged) this.#cut(this.#log.length - maxLogged);
    this.#log.push(happening);
  }

  /** Ends the attempt: what happened during it, or `lost` when that is not known in full. */
  end(uid: string): readonly Happening[] | 'lost' {
    const from = this.#beganAt.get(uid);
    if (from === undefined) return [];
    const happenings = from < this.#first ? 'lost' : this.#log.slice(from - this.#first);
    this.forget(uid);
    return happenings;
  }

  forget(uid: string): void {
    if (!this.#beganAt.delete(uid)) return;
    const [oldest] = this.#beganAt.values();
    if (oldest === undefined) this.#cut(this.#log.length);
    // Cutting costs as much as what remains, so it waits until that is the smaller part.
    else if (oldest - this.#first > this.#log.length / 2) this.#cut(oldest - this.#first);
  }

  #cut(count: number): void {
    this.#log = this.#log.slice(count);
    this.#first += count;
  }
}
