import type { Pod } from '../../../api/index.ts';
import type { ClusterEvent, Plugin } from '../../framework/plugin.ts';

/** Whether the plugin would have the pod tried again. An empty object stands for one that is not there. */
export function changeHelps(plugin: Plugin, event: ClusterEvent, pod: Pod, previous: object, current: object): boolean {
  const there = (object: object) => ('metadata' in object ? object : undefined);
  const registered = (plugin.events ?? []).filter((one) => one.event === event);
  return registered.some(({ hint }) => !hint || hint(pod, there(previous), there(current)));
}
