/** Runs a workload, disturbed or not, and tells what came of it. */
import { endStateOf } from './end-state.ts';
import type { Plan, ProcessName, Trace } from './plan.ts';
import type { Workload } from './workloads/workload.ts';
import { World } from './world.ts';

/** After its last step a workload gets this long to come to rest: longer than every backoff within it. */
const restMs = 90_000;

export interface Outcome {
  readonly traces: ReadonlyMap<ProcessName, Trace>;
  readonly violations: readonly string[];
  readonly endState: readonly string[];
}

export async function runWorkload(workload: Workload, plan?: Plan): Promise<Outcome> {
  await using world = await World.start({
    plan,
    machines: workload.hasMachines ? 2 : 0,
    hasSnapshots: workload.hasSnapshots,
    tellsUnused: workload.tellsUnused,
  });
  await workload.run(world);
  await world.plane.clock.advance(restMs);
  return {
    traces: structuredClone(world.traces),
    violations: [...world.judge.violations],
    endState: [
      ...(await endStateOf(world.plane, world.backend, world.machines.values())),
      ...[...world.flex.attached].map((place) => `FlexVolume attached ${place}`),
      ...[...world.flex.sizes].map(([volume, bytes]) => `FlexVolume ${volume} has ${bytes} bytes`),
    ],
  };
}

/** What differs between two ends, as lines with - and +. */
export function difference(undisturbed: readonly string[], disturbed: readonly string[]): string[] {
  const before = new Set(undisturbed);
  const after = new Set(disturbed);
  return [
    ...undisturbed.filter((line) => !after.has(line)).map((line) => `- ${line}`),
    ...disturbed.filter((line) => !before.has(line)).map((line) => `+ ${line}`),
  ];
}
