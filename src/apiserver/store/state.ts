/**
 * The committed state of a store, in memory: every current object and the recent history. Only commits and recovery
 * change it; everything that is read comes from here.
 */
import { defaultHistoryLimits, History, type HistoryLimits } from './history.ts';
import { SortedMap } from './sorted-map.ts';
import type { StoredObject, StoreEvent, StoreList } from './store.ts';

/** The revision of an empty store: resourceVersions are greater than zero. */
export const firstRevision = 1;

export class StoreState {
  readonly #objects = new SortedMap<StoredObject>();
  readonly history: History;
  #revision: number;

  constructor(limits: HistoryLimits = defaultHistoryLimits, compacted: number = firstRevision) {
    this.history = new History(limits, compacted);
    this.#revision = compacted;
  }

  /** The newest committed revision. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Throws StoreCompacted. */
  list(prefix: string, atRevision?: number): StoreList {
    const now = this.#objects.under(prefix);
    if (atRevision === undefined || atRevision >= this.#revision) return { items: now, revision: this.#revision };
    const then = new Map(now.map((stored) => [stored.key, stored]));
    for (const { key, previous } of this.history.backTo(atRevision)) {
      if (!key.startsWith(prefix)) continue;
      if (previous) then.set(key, { key, revision: Number(previous.metadata.resourceVersion), object: previous });
      else then.delete(key);
    }
    const items = [...then.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return { items, revision: atRevision };
  }

  /** Takes a committed event in. */
  apply(event: StoreEvent, bytes: number, atMs: number): void {
    this.set(event);
    this.history.add({ event, bytes, atMs });
  }

  /** Changes the current objects only: for recovery of what lies before the history. */
  set({ revision, key, current }: Pick<StoreEvent, 'revision' | 'key' | 'current'>): void {
    if (current) this.#objects.set(key, { key, revision, object: current });
    else this.#objects.delete(key);
    this.#revision = Math.max(this.#revision, revision);
  }
}
