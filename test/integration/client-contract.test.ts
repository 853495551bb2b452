import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlreadyExists, namespaces } from '../../src/api/index.ts';
import { createApiServer, createMemoryStore } from '../../src/apiserver/index.ts';
import { realClock, realFs, realRandom, silentLogger } from '../../src/base/index.ts';
import { type Client, createClient, createHttpTransport, loadKubeconfig } from '../../src/client/index.ts';
import { type ContractClient, describeClientContract } from './client-contract.ts';

const namespace = 'contract';
const historyWrites = 200;
const historyLimits = { events: historyWrites, bytes: 1e9, ageMs: 1e9 };
const basics = { clock: realClock, random: realRandom, logger: silentLogger };

async function startServer(stack: AsyncDisposableStack, dataDir?: string) {
  const store = stack.use(createMemoryStore({ ...basics, historyLimits }));
  return stack.use(await createApiServer({ ...basics, store, ...(dataDir === undefined ? {} : { dataDir }) }));
}

async function contractOf(client: Client, stack: AsyncDisposableStack): Promise<ContractClient> {
  for (const name of ['default', namespace]) {
    // The server makes the namespaces that every cluster has.
    await client.create(namespaces, { metadata: { name }, spec: {} }).catch((thrown: unknown) => {
      if (!isAlreadyExists(thrown)) throw thrown;
    });
  }
  return { client, namespace, historyWrites, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describeClientContract('in process', async () => {
  const stack = new AsyncDisposableStack();
  const server = await startServer(stack);
  const transport = server.transport({ user: 'system:admin', groups: ['system:masters'] });
  return await contractOf(createClient({ transport, fieldManager: 'contract' }), stack);
});

describeClientContract('HTTPS', async () => {
  const stack = new AsyncDisposableStack();
  const dataDir = mkdtempSync(join(tmpdir(), 'stowage-contract-'));
  stack.defer(() => rmSync(dataDir, { recursive: true }));
  const server = await startServer(stack, dataDir);
  await server.listen({ host: '127.0.0.1', port: 0 });
  const path = join(dataDir, 'kubeconfig');
  await server.writeKubeconfig(path);
  const connection = await loadKubeconfig({ fs: realFs, clock: realClock, paths: [path] });
  const transport = stack.use(createHttpTransport({ ...connection, clock: realClock, userAgent: 'contract' }));
  return await contractOf(createClient({ transport, fieldManager: 'contract' }), stack);
});
