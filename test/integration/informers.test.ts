/** Informers on the real API server, in virtual time. */
import { describe, expect, it } from 'vitest';
import { type ConfigMap, configMaps, isConflict, isNotFound, keyOf, namespaces } from '../../src/api/index.ts';
import { createApiServer, createMemoryStore } from '../../src/apiserver/index.ts';
import { seededRandom, silentLogger, VirtualClock } from '../../src/base/index.ts';
import { createClient, createInformerFactory } from '../../src/client/index.ts';

async function startServer(clock: VirtualClock, seed: number) {
  const logger = silentLogger;
  const random = seededRandom(seed);
  const historyLimits = { events: 40, bytes: 1e9, ageMs: 1e9 };
  const store = createMemoryStore({ clock, logger, historyLimits });
  const server = await createApiServer({ store, clock, random, logger });
  const transport = server.transport({ user: 'system:admin', groups: ['system:masters'] });
  const client = createClient({ transport, fieldManager: 'test' });
  await client.create(namespaces, { metadata: { name: 'a' }, spec: {} });
  return {
    client,
    store,
    random,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

describe('informers over the API server', () => {
  it.each([1, 2, 3])('[rel-A15] never show a state that was not, go back, or miss the end: seed %i', async (seed) => {
    const clock = new VirtualClock();
    await using server = await startServer(clock, seed);
    const { client, random, store } = server;
    const committed = new Map<string, Set<string>>();
    using log = await store.subscribe('configmaps/', store.revision, (events) => {
      for (const { key, current } of events) {
        const versions = committed.get(key) ?? new Set();
        committed.set(key, versions.add(JSON.stringify(current)));
      }
    });
    void log;
    await using factory = createInformerFactory({ client, clock, logger: silentLogger, random });
    const informer = factory.informer(configMaps, { namespace: 'a' });
    const newest = new Map<string, number>();
    const check = (object: ConfigMap) => {
      const key = keyOf(object);
      expect(committed.get(`configmaps/${key}`)?.has(JSON.stringify(object))).toBe(true);
      expect(Number(object.metadata.resourceVersion)).toBeGreaterThanOrEqual(newest.get(key) ?? 0);
      newest.set(key, Number(object.metadata.resourceVersion));
    };
    informer.addHandler({ onAdd: check, onUpdate: (_, current) => check(current) });
    factory.start();
    await factory.waitForSync();

    const act = async () => {
      const name = `c${Math.floor(random.next() * 6)}`;
      const key = { namespace: 'a', name };
      const dice = random.next();
      const metadata = { namespace: 'a', name };
      try {
        if (dice < 0.3) await client.create(configMaps, { metadata }).catch(() => {});
        else if (dice < 0.5) await client.delete(configMaps, key);
        else await client.patch(configMaps, key, { type: 'merge', body: { data: { v: String(dice) } } });
      } catch (thrown) {
        expect(isNotFound(thrown) || isConflict(thrown)).toBe(true);
      }
    };
    for (let round = 0; round < 60; round++) {
      await Promise.all(Array.from({ length: 4 }, act));
      if (random.next() < 0.1) await clock.advance(random.next() * 400_000);
    }
    await clock.settle();
    const { items } = await client.list(configMaps, { namespace: 'a' });
    expect([...informer.list()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))).toEqual(items);
  });
});
