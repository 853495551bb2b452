import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { bindClaims } from '../claims.ts';
import { cpuSeconds } from '../process-family.ts';
import { must, rounded, type Scenario } from '../scenario.ts';

const claims = 10_000;
const settleMs = 120_000;
const watchedMs = 120_000;

/** Writes of any kind that the server has carried out, without renewals of leases. */
async function writes(api: Api): Promise<number> {
  const text = await must(api.call('GET', '/metrics'));
  let sum = 0;
  for (const [, labels, count] of text.matchAll(/^apiserver_request_total\{(.*)\} (\d+)/gm)) {
    if (/verb="(POST|PUT|PATCH|DELETE|APPLY)"/.test(labels ?? '') && !/resource="leases"/.test(labels ?? ''))
      sum += Number(count);
  }
  return sum;
}

/** What a system with many bound claims does when nobody asks for anything. */
export const rest: Scenario = {
  name: 'rest',
  isLong: true,
  run: async ({ child }, api) => {
    await bindClaims(api, 'rest', claims);
    await delay(settleMs);
    const [writesBefore, cpuBefore] = [await writes(api), cpuSeconds(child.pid ?? 0)];
    await delay(watchedMs);
    const cpu = cpuSeconds(child.pid ?? 0) - cpuBefore;
    return {
      writes: (await writes(api)) - writesBefore,
      percentOfACore: rounded((100_000 * cpu) / watchedMs),
    };
  },
};
