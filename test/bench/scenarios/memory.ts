import { setTimeout as delay } from 'node:timers/promises';
import { pssMegabytes } from '../process-family.ts';
import type { Scenario } from '../scenario.ts';

const settleMs = 10_000;

export const memory: Scenario = {
  name: 'memory',
  run: async (stowage) => {
    await delay(settleMs);
    return { idlePssMegabytes: pssMegabytes(stowage.child.pid ?? 0) };
  },
};
