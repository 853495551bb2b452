import { setTimeout as delay } from 'node:timers/promises';
import { pssMegabytes } from '../process-family.ts';
import { onUp } from '../scenario.ts';

const settleMs = 10_000;

export const memory = onUp({
  name: 'memory',
  run: async (stowage) => {
    await delay(settleMs);
    return { idlePssMegabytes: pssMegabytes(stowage.child.pid ?? 0) };
  },
});
