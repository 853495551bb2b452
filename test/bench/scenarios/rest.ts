import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { bindClaims } from '../claims.ts';
import { cpuSeconds } from '../process-family.ts';
import { must, onUp, rounded } from '../scenario.ts';

const claims = 10_000;
const settleMs = 60_000;
const watchedMs = 60_000;

/** Writes that belong to being alive: renewals of leases, and the status that each node sends every five minutes. */
const heartbeatPaths = ['/apis/coordination.k8s.io/v1/leases', '/api/v1/nodes'];

async function storeRevision(api: Api): Promise<number> {
  const text = await must(api.call('GET', '/metrics'));
  return Number(/^apiserver_storage_revision (\d+)/m.exec(text)?.[1]);
}

/** Writes that anybody has made within the time, whatever the way they took, without heartbeats. */
async function countWrites(api: Api): Promise<number> {
  const before = await storeRevision(api);
  let heartbeats = 0;
  let isOver = false;
  const watches = heartbeatPaths.map((path) =>
    api.watch(`${path}?watch=true&resourceVersion=${before}`, () => {
      if (!isOver) heartbeats++;
      return isOver;
    }),
  );
  await delay(watchedMs);
  const after = await storeRevision(api);
  isOver = true;
  for (const watch of watches) watch.catch(() => {});
  return after - before - heartbeats;
}

/** What a system with many bound claims does when nobody asks for anything. */
export const rest = onUp({
  name: 'rest',
  isLong: true,
  run: async ({ child }, api) => {
    await bindClaims(api, 'rest', claims);
    await delay(settleMs);
    const cpuBefore = cpuSeconds(child.pid ?? 0);
    const writes = await countWrites(api);
    const cpu = cpuSeconds(child.pid ?? 0) - cpuBefore;
    return { writes, percentOfACore: rounded((100_000 * cpu) / watchedMs) };
  },
});
