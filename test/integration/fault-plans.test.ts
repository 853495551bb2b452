import { describe, expect, it } from 'vitest';
import { sweep } from '../faults/sweep.ts';
import { workloads } from '../faults/workloads/index.ts';

/** Every plan where machines test, a share of them where people wait. */
const stride = process.env.CI ? 1 : 5;
const sweepTimeoutMs = 300_000;

describe('each process of the control plane, killed around every write and call, hearing late, or not hearing', () => {
  it.each(workloads)(
    '[rel-L10] [rel-B1] [rel-B2] [rel-C4] [rel-D1] [rel-D2] ends as if nothing had happened: $name',
    { timeout: sweepTimeoutMs },
    async (workload) => {
      const { divergences, carriedOut } = await sweep(workload, stride);
      expect(carriedOut).toBeGreaterThan(5);
      expect(divergences).toEqual([]);
    },
  );
});
