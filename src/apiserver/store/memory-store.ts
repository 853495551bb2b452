import type { Clock, Logger } from '../../base/index.ts';
import type { CommitLog } from './commit-log.ts';
import { CommittingStore } from './committing-store.ts';
import type { HistoryLimits } from './history.ts';
import { StoreState } from './state.ts';
import type { Store } from './store.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly historyLimits?: HistoryLimits;
}

const forgetful: CommitLog = {
  encode: () => '',
  append: async () => {},
  reopen: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

/** A store that lives as long as the process: for tests and simulated clusters. */
export function createMemoryStore(options: MemoryStoreOptions): Store {
  const { clock, logger, historyLimits } = options;
  return new CommittingStore({ clock, logger, log: forgetful, state: new StoreState(historyLimits) });
}
