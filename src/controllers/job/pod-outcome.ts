/** How a pod of a Job ended, and what that means for the Job. Pure. Upstream: job/{pod_failure_policy,backoff_utils}.go. */
import type { ContainerStatus, Job, Pod, PodFailurePolicyOnExitCodesRequirement } from '../../api/index.ts';
import { backoffMs } from '../../base/index.ts';
import { podCondition } from '../../component-helpers/index.ts';
import { isTerminating } from '../common/pod-availability.ts';

/** Upstream: DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff. */
const failureBackoff = { initialMs: 10_000, maxMs: 10 * 60_000 };

export function isSucceeded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded';
}

/** A pod that is being deleted counts as failed, unless the Job waits for it to end. */
export function isFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return job.spec.podReplacementPolicy !== 'Failed' && isTerminating(pod) && !isSucceeded(pod);
}

export type FailureVerdict =
  | { readonly kind: 'count' }
  | { readonly kind: 'ignore' }
  /** The index of the pod is given up, whatever tries it has left. */
  | { readonly kind: 'failIndex' }
  | { readonly kind: 'failJob'; readonly message: string };

/** What the first matching rule of the Job's failure policy says of a failed pod. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const cause = rule.onExitCodes
      ? exitCodeCause(pod, rule.onExitCodes)
      : conditionCause(pod, rule.onPodConditions ?? []);
    if (cause === undefined) continue;
    if (rule.action === 'Ignore') return { kind: 'ignore' };
    if (rule.action === 'Count') return { kind: 'count' };
    if (rule.action === 'FailIndex' && job.spec.backoffLimitPerIndex !== undefined) return { kind: 'failIndex' };
    if (rule.action === 'FailJob') {
      return { kind: 'failJob', message: `${cause} matching ${rule.action} rule at index ${index}` };
    }
  }
  return { kind: 'count' };
}

function exitCodeCause(pod: Pod, requirement: PodFailurePolicyOnExitCodesRequirement): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  for (const { name, state } of [...containerStatuses, ...initContainerStatuses]) {
    const exitCode = state?.terminated?.exitCode;
    if (!exitCode || (requirement.containerName !== undefined && requirement.containerName !== name)) continue;
    if (requirement.values.includes(exitCode) === (requirement.operator === 'In')) {
      const { namespace, name: podName } = pod.metadata;
      return `Container ${name} for pod ${namespace}/${podName} failed with exit code ${exitCode}`;
    }
  }
  return undefined;
}

function conditionCause(
  { metadata, status }: Pod,
  patterns: readonly { readonly type: string; readonly status?: string }[],
): string | undefined {
  const found = status?.conditions?.find((condition) =>
    patterns.some((pattern) => pattern.type === condition.type && (pattern.status ?? 'True') === condition.status),
  );
  return found && `Pod ${metadata.namespace}/${metadata.name} has condition ${found.type}`;
}

/** When a pod ended, as exactly as it tells. */
export function finishedAtMs(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }: ContainerStatus) => state?.terminated?.finishedAt);
  const known = ends.filter((end) => end !== undefined).map((end) => Date.parse(end));
  if (ends.length > 0 && known.length === ends.length) return Math.max(...known);
  const ready = podCondition(pod, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime) return Date.parse(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(creationTimestamp);
}

/** How long after its n-th failure in a row, the last at this time, a pod may be followed by the next. */
export function waitAfterMs(failures: number, lastMs: number, nowMs: number): number {
  return Math.max(0, lastMs + backoffMs(failureBackoff, failures) - nowMs);
}

/** How long the next pod has to wait: longer with every failure since the last success. Told by the pods themselves. */
export function failureWaitMs(job: Job, pods: readonly Pod[], nowMs: number): number {
  const lastSuccessMs = Math.max(0, ...pods.filter(isSucceeded).map(finishedAtMs));
  const failures = pods
    .filter((pod) => isFailed(job, pod))
    .map(finishedAtMs)
    .filter((atMs) => atMs > lastSuccessMs);
  if (failures.length === 0) return 0;
  return waitAfterMs(failures.length, Math.max(...failures), nowMs);
}
