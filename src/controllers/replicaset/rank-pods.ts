/**
 * Which pods a set gives up first when it has too many: those whose loss costs least. Pure.
 * Upstream: controller_utils.go ActivePodsWithRanks.
 */
import type { Pod } from '../../api/index.ts';
import { isPodReady, podCondition } from '../../component-helpers/index.ts';

/** Users say with this annotation which pods to keep: those with the higher number. */
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

function phaseRank(pod: Pod): number {
  return phaseOrder[pod.status?.phase ?? ''] ?? 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? '';
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/** Times are compared by the order of magnitude of the age, so that pods of about one age are not picked by it. */
function ageBucket(since: string | undefined, nowMs: number): number {
  if (since === undefined) return -1;
  const ageSeconds = Math.floor((nowMs - Date.parse(since)) / 1000);
  return ageSeconds <= 0 ? 0 : Math.floor(Math.log2(ageSeconds)) + 1;
}

/** The pods to delete when `count` have to go. `related` are the active pods of all sets with the same owner. */
export function pickPodsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  nowMs: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const { spec } of related) {
    if (spec.nodeName) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1);
  }
  return [...pods].sort((left, right) => compare(left, right, onNode, nowMs)).slice(0, count);
}

/** Negative when the left pod goes first. */
function compare(left: Pod, right: Pod, onNode: ReadonlyMap<string, number>, nowMs: number): number {
  const isBound = (pod: Pod) => (pod.spec.nodeName ? 1 : 0);
  const ready = (pod: Pod) => (isPodReady(pod) ? 1 : 0);
  const crowd = (pod: Pod) => onNode.get(pod.spec.nodeName ?? '') ?? 0;
  const readyAge = (pod: Pod) => ageBucket(podCondition(pod, 'Ready')?.lastTransitionTime, nowMs);
  const bothReady = isPodReady(left) && isPodReady(right);
  return (
    isBound(left) - isBound(right) ||
    phaseRank(left) - phaseRank(right) ||
    ready(left) - ready(right) ||
    deletionCost(left) - deletionCost(right) ||
    crowd(right) - crowd(left) ||
    (bothReady ? readyAge(left) - readyAge(right) : 0) ||
    restarts(right) - restarts(left) ||
    ageBucket(left.metadata.creationTimestamp, nowMs) - ageBucket(right.metadata.creationTimestamp, nowMs) ||
    (left.metadata.uid < right.metadata.uid ? -1 : 1)
  );
}
