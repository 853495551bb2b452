/** Carries out plans of a workload and tells which ended otherwise than the undisturbed run. */
import { messageOf } from '../../src/base/index.ts';
import { kubeletProcesses, nameOf, type Plan, plansOf } from './plan.ts';
import { difference, runWorkload } from './run-workload.ts';
import type { Workload } from './workloads/workload.ts';

export interface Divergence {
  readonly plan: string;
  readonly findings: readonly string[];
}

export interface Sweep {
  /** How many plans the workload allows, and how many of them were carried out. */
  readonly plans: number;
  readonly carriedOut: number;
  readonly divergences: readonly Divergence[];
}

/** Every plan, or only each `stride`-th, of the undisturbed run's. */
export async function sweep(workload: Workload, stride = 1, offset = 0): Promise<Sweep> {
  const undisturbed = await runWorkload(workload);
  const plans = plansOf(undisturbed.traces).filter(
    ({ process }) => !workload.hasMachines || kubeletProcesses.some((name) => name === process),
  );
  const chosen = plans.filter((_plan, index) => index % stride === offset % stride);
  const divergences: Divergence[] = [];
  for (const plan of chosen) {
    const findings = await findingsOf(workload, plan, undisturbed.endState);
    if (findings.length > 0) divergences.push({ plan: nameOf(plan), findings });
  }
  return { plans: plans.length, carriedOut: chosen.length, divergences };
}

async function findingsOf(workload: Workload, plan: Plan, expected: readonly string[]): Promise<readonly string[]> {
  try {
    const { violations, endState } = await runWorkload(workload, plan);
    return [...violations, ...difference(expected, endState)];
  } catch (thrown) {
    return [messageOf(thrown)];
  }
}
