/** Whether a pod counts: as active, as ready, as available. Pure. Upstream: controller_utils.go, api/v1/pod/util.go. */
import type { Pod } from '../../api/index.ts';
import { isPodPhaseTerminal, isPodReady, podCondition } from '../../component-helpers/index.ts';

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Neither ended nor about to end. */
export function isActive(pod: Pod): boolean {
  return !isPodPhaseTerminal(pod) && !isTerminating(pod);
}

/** How long a ready pod has to stay so to count as available; undefined when it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number | undefined, nowMs: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  const since = podCondition(pod, 'Ready')?.lastTransitionTime;
  if (!minReadySeconds || since === undefined) return 0;
  return Math.max(0, Date.parse(since) + minReadySeconds * 1000 - nowMs);
}

export function isAvailable(pod: Pod, minReadySeconds: number | undefined, nowMs: number): boolean {
  return availableInMs(pod, minReadySeconds, nowMs) === 0;
}

/** When the next of the pods becomes available, which no event tells; undefined when none will. */
export function nextAvailableInMs(
  pods: readonly Pod[],
  minReadySeconds: number | undefined,
  nowMs: number,
): number | undefined {
  if (!minReadySeconds) return undefined;
  let next: number | undefined;
  for (const pod of pods) {
    const waitMs = availableInMs(pod, minReadySeconds, nowMs);
    if (waitMs && (next === undefined || waitMs < next)) next = waitMs;
  }
  return next;
}
