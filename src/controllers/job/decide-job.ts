/** Whether a Job is over, and how many pods it is to have until then. Pure. Upstream: job/job_controller.go. */
import type { Job, Pod } from '../../api/index.ts';
import { isPodPhaseTerminal, isPodReady } from '../../component-helpers/index.ts';
import { isActive, isTerminating } from '../common/pod-availability.ts';
import { awaitingSuccessors, failedIndexesOf, hasLimitPerIndex, successorWaitMs } from './index-failures.ts';
import { parseIndexes } from './indexes.ts';
import { completionIndexOf, isIndexed, isTracked } from './job-pods.ts';
import { findCondition } from './job-status.ts';
import { failureWaitMs, isFailed, isSucceeded, judgeFailure } from './pod-outcome.ts';
import { findMetRule } from './success-policy.ts';

/** What the pods of a Job come to, with those that its status has counted. */
export interface Tally {
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Of an indexed Job. */
  readonly succeededIndexes: ReadonlySet<number>;
  /** Of an indexed Job with a limit per index. */
  readonly failedIndexes: ReadonlySet<number>;
  /** Failed pods that stay until their successor carries their count on, by index. */
  readonly awaitingSuccessors: ReadonlyMap<number, Pod>;
}

export function tallyOf(job: Job, pods: readonly Pod[]): Tally {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uncounted = {}, completedIndexes } = job.status ?? {};
  const active = pods.filter(isActive);
  const isNew = (pod: Pod, known: readonly string[] = []) =>
    isTracked(pod) &&
    !known.includes(pod.metadata.uid) &&
    (!isIndexed(job) || completionIndexOf(job, pod) !== undefined);
  const newSucceeded = pods.filter((pod) => isSucceeded(pod) && isNew(pod, uncounted.succeeded));
  const newFailed = pods.filter(
    (pod) => isFailed(job, pod) && isNew(pod, uncounted.failed) && judgeFailure(job, pod).kind !== 'ignore',
  );
  const succeededIndexes = parseIndexes(completedIndexes, job.spec.completions ?? 0);
  for (const pod of newSucceeded) {
    const index = completionIndexOf(job, pod);
    if (index !== undefined) succeededIndexes.add(index);
  }
  const failedIndexes = failedIndexesOf(job, pods, succeededIndexes);
  return {
    pods,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isPodPhaseTerminal(pod)).length,
    succeeded: isIndexed(job)
      ? succeededIndexes.size
      : succeeded + newSucceeded.length + (uncounted.succeeded?.length ?? 0),
    failed: failed + newFailed.length + (uncounted.failed?.length ?? 0),
    succeededIndexes,
    failedIndexes,
    awaitingSuccessors: awaitingSuccessors(job, pods, { succeeded: succeededIndexes, failed: failedIndexes }),
  };
}

/** How a Job ends. The interim condition is written first; the final one when every pod is counted and gone. */
export interface JobEnd {
  readonly interim: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly final: 'Failed' | 'Complete';
  readonly reason: string;
  readonly message: string;
}

function failure(reason: string, message: string): JobEnd {
  return { interim: 'FailureTarget', final: 'Failed', reason, message };
}

function success(reason: string, message: string): JobEnd {
  return { interim: 'SuccessCriteriaMet', final: 'Complete', reason, message };
}

/** The end that was begun, or one that the pods bring about although more were to come. */
export function decideEarlyEnd(job: Job, tally: Tally, nowMs: number): JobEnd | undefined {
  const met = findCondition(job.status, 'SuccessCriteriaMet');
  if (met?.status === 'True') return success(met.reason ?? '', met.message ?? '');
  const target = findCondition(job.status, 'FailureTarget');
  if (target?.status === 'True') return failure(target.reason ?? '', target.message ?? '');
  for (const pod of tally.pods) {
    const verdict = job.spec.podFailurePolicy && isFailed(job, pod) ? judgeFailure(job, pod) : undefined;
    if (verdict?.kind === 'failJob') return failure('PodFailurePolicy', verdict.message);
  }
  if (tally.failed > (job.spec.backoffLimit ?? 6) || isRestartedTooOften(job, tally.pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadlineMs = deadlineInMs(job, nowMs);
  if (deadlineMs !== undefined && deadlineMs <= 0) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  return decideEndByIndexes(job, tally);
}

/** Too many indexes are given up, none is left to try, or enough of them succeeded. */
function decideEndByIndexes(job: Job, { failedIndexes, succeededIndexes }: Tally): JobEnd | undefined {
  if (!isIndexed(job)) return undefined;
  const { maxFailedIndexes, completions = 0 } = job.spec;
  if (maxFailedIndexes !== undefined && failedIndexes.size > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return failure('MaxFailedIndexesExceeded', message);
  }
  if (failedIndexes.size > 0 && failedIndexes.size + succeededIndexes.size >= completions) {
    return failure('FailedIndexes', 'Job has failed indexes');
  }
  const met = findMetRule(job, succeededIndexes);
  return met === undefined ? undefined : success('SuccessPolicy', `Matched rules at index ${met}`);
}

/** When the Job has been active for too long; undefined when it has no limit or does not run. */
export function deadlineInMs({ spec, status }: Job, nowMs: number): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || spec.suspend) return undefined;
  const startedMs = status?.startTime ? Date.parse(status.startTime) : nowMs;
  return startedMs + spec.activeDeadlineSeconds * 1000 - nowMs;
}

/** Containers that restart within their pod count against the limit too. */
function isRestartedTooOften({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
      restarts += restartCount;
    }
  }
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** The end that comes when everything that was to be done is done. */
export function decideCompletion({ spec }: Job, tally: Tally): JobEnd | undefined {
  const isDone = spec.completions === undefined ? tally.succeeded > 0 : tally.succeeded >= spec.completions;
  if (!isDone || tally.active.length > 0) return undefined;
  return success('CompletionsReached', 'Reached expected number of succeeded pods');
}

export type PodsDecision =
  | { readonly kind: 'enough' }
  | { readonly kind: 'delete'; readonly pods: readonly Pod[] }
  /** With the indexes of an indexed Job; of any other, as many times undefined. */
  | { readonly kind: 'create'; readonly indexes: readonly (number | undefined)[] }
  /** The last failure is too recent. */
  | { readonly kind: 'wait'; readonly delayMs: number };

export function decidePods(job: Job, tally: Tally, nowMs: number): PodsDecision {
  const { active, terminating } = tally;
  if (job.spec.suspend) return active.length > 0 ? { kind: 'delete', pods: active } : { kind: 'enough' };
  const wanted = wantedActive(job, tally);
  const doomed = surplusOf(job, active, Math.max(0, active.length - wanted));
  if (doomed.length > 0) return { kind: 'delete', pods: doomed };
  const waitingFor = job.spec.podReplacementPolicy === 'Failed' ? terminating : 0;
  const missing = wanted - waitingFor - active.length;
  if (missing <= 0) return { kind: 'enough' };
  if (hasLimitPerIndex(job)) return decideSuccessors(job, tally, missing, nowMs);
  const delayMs = failureWaitMs(job, tally.pods, nowMs);
  if (delayMs > 0) return { kind: 'wait', delayMs };
  return { kind: 'create', indexes: indexesToAdd(job, tally, missing) };
}

/** Every index waits for itself. */
function decideSuccessors(job: Job, tally: Tally, missing: number, nowMs: number): PodsDecision {
  const indexes: number[] = [];
  let delayMs: number | undefined;
  for (const index of indexesToAdd(job, tally, missing)) {
    if (index === undefined) continue;
    const waitMs = successorWaitMs(tally.awaitingSuccessors.get(index), nowMs);
    if (waitMs === 0) indexes.push(index);
    else delayMs = Math.min(delayMs ?? waitMs, waitMs);
  }
  if (indexes.length > 0) return { kind: 'create', indexes };
  return delayMs === undefined ? { kind: 'enough' } : { kind: 'wait', delayMs };
}

/** As many as may run side by side, and not more than are still to succeed. */
function wantedActive({ spec }: Job, { active, succeeded }: Tally): number {
  const parallelism = spec.parallelism ?? 1;
  // The first success of a Job without a number means: no more, but let those that run come to their end.
  if (spec.completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, spec.completions - succeeded));
}

/** Pods whose index is wrong or taken, and as many others as are too many: those that got least far. */
function surplusOf(job: Job, active: readonly Pod[], atLeast: number): readonly Pod[] {
  const progress = ({ spec, status }: Pod) => (spec.nodeName ? 1 : 0) + (status?.phase === 'Running' ? 2 : 0);
  const rank = (pod: Pod) => progress(pod) + (isPodReady(pod) ? 4 : 0);
  const furthestFirst = [...active].sort((left, right) => rank(right) - rank(left));
  const seen = new Set<number>();
  const isRightful = (pod: Pod) => {
    if (!isIndexed(job)) return true;
    const index = completionIndexOf(job, pod);
    if (index === undefined || seen.has(index)) return false;
    seen.add(index);
    return true;
  };
  const rightful = furthestFirst.filter(isRightful);
  const wrong = furthestFirst.filter((pod) => !rightful.includes(pod));
  return [...wrong, ...rightful.reverse().slice(0, Math.max(0, atLeast - wrong.length))];
}

/** The lowest indexes that have neither succeeded nor a pod at work. */
function indexesToAdd(job: Job, tally: Tally, count: number): readonly (number | undefined)[] {
  const { active, pods, succeededIndexes, failedIndexes } = tally;
  if (!isIndexed(job)) return Array.from({ length: count }, () => undefined);
  const busy = job.spec.podReplacementPolicy === 'Failed' ? pods.filter((pod) => !isPodPhaseTerminal(pod)) : active;
  const taken = succeededIndexes.union(failedIndexes);
  for (const pod of busy) {
    const index = completionIndexOf(job, pod);
    if (index !== undefined) taken.add(index);
  }
  const indexes: number[] = [];
  const completions = job.spec.completions ?? 0;
  for (let index = 0; index < completions && indexes.length < count; index++) {
    if (!taken.has(index)) indexes.push(index);
  }
  return indexes;
}
