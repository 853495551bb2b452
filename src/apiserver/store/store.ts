/**
 * Where the API server keeps objects. Keys are `<group-resource>/<namespace>/<name>` or `<group-resource>/<name>`;
 * values are frozen objects without resourceVersion (the revision of the write is the resourceVersion). The current
 * state is served from memory; a write is answered when it is durable. Implementations: memory, SQLite, etcd.
 */
import type { KubernetesObject } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';

/** An object as stored: frozen, its metadata.resourceVersion set to the revision. */
export interface StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly object: KubernetesObject;
}

export interface StoreEvent {
  readonly revision: number;
  readonly key: string;
  /** The object after the write; undefined when it was deleted. */
  readonly current: KubernetesObject | undefined;
  /** The object before the write; undefined when it was created. Selectors need it to tell who lost sight of an object. */
  readonly previous: KubernetesObject | undefined;
}

export interface StoreWrite {
  readonly key: string;
  /** The revision the caller read; 0 when the key must not exist. The write is refused with a StoreConflict otherwise. */
  readonly expectedRevision: number;
  /** The new object; undefined deletes. */
  readonly object: KubernetesObject | undefined;
}

/** The key's newest state, committed or on its way to the disk, is not the one the writer read. */
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
  readonly key: string;
  /**
   * Resolves when the write that won has been committed or has failed: who reads before it reads the same old state
   * again, and conflicts again.
   */
  readonly settled: Promise<void>;
  constructor(key: string, winner?: Promise<unknown>) {
    super(`${key} was changed by another write`);
    this.key = key;
    const ended = () => {};
    this.settled = winner ? winner.then(ended, ended) : Promise.resolve();
  }
}

/** The revision asked for lies before the compacted history: the reader must list anew. */
export class StoreCompacted extends Error {
  override readonly name = 'StoreCompacted';
}

/** The disk refused the write (full, failing). Nothing of its group was written; later writes may succeed. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly full: boolean;
  constructor(message: string, options: ErrorOptions & { full: boolean }) {
    super(message, options);
    this.full = options.full;
  }

  static from(thrown: unknown): StoreUnavailable {
    if (thrown instanceof StoreUnavailable) return thrown;
    return new StoreUnavailable(`the store cannot write: ${messageOf(thrown)}`, { cause: thrown, full: false });
  }
}

export interface StoreList {
  readonly items: readonly StoredObject[];
  readonly revision: number;
}

/** Called in the order of revisions, each event once, after it is durable. */
export type StoreListener = (events: readonly StoreEvent[]) => void;

export interface Store extends AsyncDisposable {
  /** The newest committed revision. */
  readonly revision: number;
  /** The committed object. */
  get(key: string): Promise<StoredObject | undefined>;
  /** The committed objects whose keys start with the prefix, in the order of keys, now or as they were at a revision. Throws StoreCompacted. */
  list(prefix: string, atRevision?: number): Promise<StoreList>;
  /** Resolves with the new revision once the write is durable. Rejects with StoreConflict or StoreUnavailable. */
  write(write: StoreWrite): Promise<number>;
  /**
   * Calls the listener with the history after `fromRevision`, then for every later commit, without a gap. Rejects with
   * StoreCompacted when that history is gone.
   */
  subscribe(prefix: string, fromRevision: number, listener: StoreListener): Promise<Disposable>;
}
