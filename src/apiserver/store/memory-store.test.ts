import { realClock, silentLogger } from '../../base/index.ts';
import { createMemoryStore } from './memory-store.ts';
import { describeStoreContract } from './store-contract.ts';

describeStoreContract('memory', async (historyLimits) =>
  createMemoryStore({ clock: realClock, logger: silentLogger, ...(historyLimits ? { historyLimits } : {}) }),
);
