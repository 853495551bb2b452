import { on, type Plugin } from '../framework/plugin.ts';
import { success, unresolvable } from '../framework/status.ts';

/** Holds pods back whose gates are not all removed. */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  events: on(['PodUpdate']),
  preEnqueue: (pod) => {
    const gates = pod.spec.schedulingGates ?? [];
    if (gates.length === 0) return success;
    return unresolvable(`waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`);
  },
};
