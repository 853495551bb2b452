import type { Pod, PodCondition } from '../api/index.ts';

/** Whether the pod has finished, or is being deleted with no container running: its volumes may be taken away. */
export function isPodTerminated(pod: Pod): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed' || phase === 'Succeeded') return true;
  return pod.metadata.deletionTimestamp !== undefined && noContainerRuns(pod);
}

/** Upstream: volume/util IsPodTerminated, which looks at containers of every kind. */
function noContainerRuns({ status = {} }: Pod): boolean {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status;
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].every(
    ({ state }) => state?.terminated || state?.waiting,
  );
}

/** Whether the pod's phase is final. */
export function isPodPhaseTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}
