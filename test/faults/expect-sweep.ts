/** The plans of workloads as tests. */
import { describe, expect, it } from 'vitest';
import { sweep } from './sweep.ts';
import type { Workload } from './workloads/workload.ts';

/** A share of the plans, larger where machines test than where people wait; all of them when asked for. */
const stride = process.env.FAULT_PLANS === 'all' ? 1 : process.env.CI ? 3 : 11;
/** Runs on machines take longer than others, and have more plans each. */
const machineStride = stride === 1 ? 1 : 3 * stride;
const sweepTimeoutMs = 600_000;

/** Sees to it that each plan of each workload ends like the undisturbed run. */
export function expectSameEnd(workloads: readonly Workload[]): void {
  describe('each process, killed around every write and call, hearing late, or not hearing', () => {
    it.each(workloads)(
      '[rel-L10] [rel-B1] [rel-B2] [rel-C1] [rel-C2] [rel-C3] [rel-C4] [rel-C9] [rel-C10] [rel-D1] [rel-D2] [rel-D7] [rel-E1] [rel-E2] ends as if nothing had happened: $name',
      { timeout: sweepTimeoutMs },
      async (workload) => {
        const { divergences, carriedOut } = await sweep(workload, workload.hasMachines ? machineStride : stride);
        expect(carriedOut).toBeGreaterThan(2);
        expect(divergences).toEqual([]);
      },
    );
  });
}
