import { namespaces } from '../../src/api/index.ts';
import { createApiServer, createMemoryStore } from '../../src/apiserver/index.ts';
import { realClock, realRandom, silentLogger } from '../../src/base/index.ts';
import { createClient } from '../../src/client/index.ts';
import { type ContractClient, describeClientContract } from './client-contract.ts';

const namespace = 'contract';
const historyWrites = 200;

describeClientContract('in process', async (): Promise<ContractClient> => {
  const historyLimits = { events: historyWrites, bytes: 1e9, ageMs: 1e9 };
  const store = createMemoryStore({ clock: realClock, logger: silentLogger, historyLimits });
  const server = createApiServer({ store, clock: realClock, random: realRandom, logger: silentLogger });
  const transport = server.transport({ user: 'system:admin', groups: ['system:masters'] });
  const client = createClient({ transport, fieldManager: 'contract' });
  for (const name of ['default', namespace]) await client.create(namespaces, { metadata: { name }, spec: {} });
  return {
    client,
    namespace,
    historyWrites,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
});
