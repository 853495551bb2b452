import type { Pod } from '../../../api/index.ts';

/** Milliseconds since the epoch; a pod that has not started counts as started now, that is last. */
export function podStartMs(pod: Pod): number {
  const { startTime } = pod.status ?? {};
  return startTime ? Date.parse(startTime) : Number.POSITIVE_INFINITY;
}

/** Negative when the first pod is the more important: of higher priority, or running for longer. */
export function compareImportance(a: Pod, b: Pod): number {
  const byPriority = (b.spec.priority ?? 0) - (a.spec.priority ?? 0);
  if (byPriority !== 0) return byPriority;
  const [startA, startB] = [podStartMs(a), podStartMs(b)];
  return startA === startB ? 0 : startA - startB;
}
