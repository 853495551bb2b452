import { UsedPorts } from '../cache/host-ports.ts';
import { podInfoOf } from '../cache/pod-info.ts';
import { on, type Plugin } from '../framework/plugin.ts';
import { skip, success, unschedulable } from '../framework/status.ts';

const refused = unschedulable("node(s) didn't have free ports for the requested pod ports");

/** Keeps a pod off nodes where another has taken one of its host ports. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  events: [
    ...on(['AssignedPodDelete'], (pod, previous) => {
      if (!previous) return false;
      const freed = new UsedPorts();
      freed.add(podInfoOf(previous).hostPorts);
      return podInfoOf(pod).hostPorts.some((port) => freed.conflicts(port));
    }),
    ...on(['NodeAdd']),
  ],
  preFilter: (_state, pod) => ({ status: podInfoOf(pod).hostPorts.length > 0 ? success : skip }),
  filter: (_state, pod, { usedPorts }) =>
    podInfoOf(pod).hostPorts.some((port) => usedPorts.conflicts(port)) ? refused : success,
};
