/** The durable store of one machine: SQLite in a directory of its own, the current state in memory. */
import type { KubernetesObject } from '../../api/index.ts';
import { type Clock, deepFreeze, type Logger } from '../../base/index.ts';
import type { CommitRow } from './commit-log.ts';
import { CommittingStore } from './committing-store.ts';
import { defaultHistoryLimits, type HistoryLimits } from './history.ts';
import { SqliteLog } from './sqlite-log.ts';
import { StoreState } from './state.ts';
import type { Store } from './store.ts';

export interface SqliteStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Made if it is missing. One process at a time may use it. */
  readonly directory: string;
  readonly historyLimits?: HistoryLimits;
}

/** Rows that recovery takes at a time: the worker reads the next piece while this one is parsed. */
const recoveryRows = 2_000;

/** Opens the store and recovers its state. Throws StoreDirectoryError when the directory cannot be used. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { clock, logger, directory } = options;
  return await clock.boundary(recover());

  async function recover(): Promise<Store> {
    const log = new SqliteLog(clock, directory);
    const startedMs = clock.monotonic();
    const { compacted } = await log.open();
    try {
      const recovery = new Recovery(options, compacted);
      for (let rows = log.read(0, recoveryRows); ; ) {
        const piece = await rows;
        const last = piece.at(-1);
        if (!last) break;
        rows = log.read(last.revision, recoveryRows);
        for (const row of piece) recovery.take(row);
      }
      const { state, garbage } = recovery;
      logger.info('the store is open', {
        directory,
        objects: state.size,
        revision: state.revision,
        recoveryMs: Math.round(clock.monotonic() - startedMs),
      });
      log.holdReserve();
      return new CommittingStore({ clock, logger, log, state, garbage });
    } catch (thrown) {
      await log[Symbol.asyncDispose]();
      throw thrown;
    }
  }
}

/** Replays the log: what is newer than the compaction is history, what it superseded before is garbage. */
class Recovery {
  readonly state: StoreState;
  readonly garbage: number[] = [];
  readonly #compacted: number;
  readonly #nowMs: number;

  constructor(options: SqliteStoreOptions, compacted: number) {
    this.state = new StoreState(options.historyLimits ?? defaultHistoryLimits, compacted);
    this.#compacted = compacted;
    this.#nowMs = options.clock.monotonic();
  }

  take({ revision, key, object }: CommitRow): void {
    const previous = this.state.get(key);
    // The log holds what encode() made of a stored object.
    const current = object === undefined ? undefined : deepFreeze(JSON.parse(object) as KubernetesObject);
    if (revision > this.#compacted) {
      const event = { revision, key, current, previous: previous?.object };
      this.state.apply(event, key.length + (object?.length ?? 0), this.#nowMs);
      return;
    }
    this.state.set({ revision, key, current });
    if (previous) this.garbage.push(previous.revision);
    if (!current) this.garbage.push(revision);
  }
}
