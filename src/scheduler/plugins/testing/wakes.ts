import type { KubernetesObject, Pod } from '../../../api/index.ts';
import type { ClusterEvent, ClusterEventWithHint } from '../../framework/plugin.ts';

/** Whether a change brings back a pod that was refused by a plugin with these events. */
export function wakes(
  events: readonly ClusterEventWithHint[],
  event: ClusterEvent,
  pod: Pod,
  previous: KubernetesObject | undefined,
  current: KubernetesObject | undefined,
): boolean {
  const registered = events.filter((candidate) => candidate.event === event);
  return registered.some(({ hint }) => hint?.(pod, previous, current) ?? true);
}
