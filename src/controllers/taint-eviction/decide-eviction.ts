/** When a pod has to leave its node. Pure. Upstream: tainteviction/taint_eviction.go processPodOnNode. */
import type { Node, Pod, Taint } from '../../api/index.ts';
import { podCondition, toleratesTaint } from '../../component-helpers/index.ts';

export type EvictionDecision =
  | { readonly kind: 'stay' }
  /** At this time, in milliseconds since the epoch; it may be in the past. */
  | { readonly kind: 'leave'; readonly atMs: number };

export function noExecuteTaints(node: Node | undefined): readonly Taint[] {
  return node?.spec.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
}

/** `nowMs` stands for times that are not written down. */
export function decideEviction(pod: Pod, taints: readonly Taint[], nowMs: number): EvictionDecision {
  if (taints.length === 0) return { kind: 'stay' };
  let atMs: number | undefined;
  for (const taint of taints) {
    const tolerations = (pod.spec.tolerations ?? []).filter((toleration) => toleratesTaint(toleration, taint));
    if (tolerations.length === 0) return { kind: 'leave', atMs: nowMs };
    for (const { tolerationSeconds } of tolerations) {
      if (tolerationSeconds === undefined) continue;
      const leaveMs = startOf(pod, taint, nowMs) + Math.max(0, tolerationSeconds) * 1000;
      atMs = Math.min(atMs ?? leaveMs, leaveMs);
    }
  }
  return atMs === undefined ? { kind: 'stay' } : { kind: 'leave', atMs };
}

/** The time that a pod tolerates a taint begins when both are there. It goes on when this process is restarted. */
function startOf(pod: Pod, { timeAdded }: Taint, nowMs: number): number {
  const scheduled = podCondition(pod, 'PodScheduled')?.lastTransitionTime ?? pod.metadata.creationTimestamp;
  return timeAdded === undefined ? nowMs : Math.max(Date.parse(timeAdded), Date.parse(scheduled));
}
