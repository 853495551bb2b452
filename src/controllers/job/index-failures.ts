/**
 * Failures counted index by index, for Jobs with a limit per index. The count travels from pod to pod in annotations:
 * the last failed pod of an index therefore stays until its successor carries it on. Pure.
 * Upstream: job/indexed_job_utils.go.
 */
import type { Draft, Job, Pod } from '../../api/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import { parseIndexes } from './indexes.ts';
import { completionIndexOf, isTracked } from './job-pods.ts';
import { finishedAtMs, isFailed, judgeFailure, waitAfterMs } from './pod-outcome.ts';

const failuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';
const ignoredAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

export function hasLimitPerIndex({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed' && spec.backoffLimitPerIndex !== undefined;
}

function countOf({ metadata }: Pod, annotation: string): number {
  const text = metadata.annotations?.[annotation] ?? '';
  return /^\d+$/.test(text) ? Number(text) : 0;
}

/** The indexes that are given up: those that the status names, and those whose pods used up their tries. */
export function failedIndexesOf(job: Job, pods: readonly Pod[], succeeded: ReadonlySet<number>): ReadonlySet<number> {
  if (!hasLimitPerIndex(job)) return new Set();
  const indexes = parseIndexes(job.status?.failedIndexes, job.spec.completions ?? 0);
  for (const pod of pods) {
    const index = completionIndexOf(job, pod);
    if (index === undefined || succeeded.has(index) || !isTracked(pod) || !isFailed(job, pod)) continue;
    const verdict = judgeFailure(job, pod);
    const isUsedUp =
      verdict.kind === 'count' && countOf(pod, failuresAnnotation) >= (job.spec.backoffLimitPerIndex ?? 0);
    if (verdict.kind === 'failIndex' || isUsedUp) indexes.add(index);
  }
  return indexes;
}

/** The last failed pod of every index that is to be tried again and has no pod yet, by index. */
export function awaitingSuccessors(
  job: Job,
  pods: readonly Pod[],
  settled: { readonly succeeded: ReadonlySet<number>; readonly failed: ReadonlySet<number> },
): ReadonlyMap<number, Pod> {
  const waiting = new Map<number, Pod>();
  if (!hasLimitPerIndex(job)) return waiting;
  const tries = (pod: Pod) => countOf(pod, failuresAnnotation) + countOf(pod, ignoredAnnotation);
  const carriedOn = new Map<number, number>();
  for (const pod of pods) {
    const index = completionIndexOf(job, pod);
    if (index === undefined || settled.succeeded.has(index) || settled.failed.has(index)) continue;
    if (!isFailed(job, pod)) {
      if (!isPodPhaseTerminal(pod)) carriedOn.set(index, Math.max(carriedOn.get(index) ?? 0, tries(pod)));
      continue;
    }
    const known = waiting.get(index);
    if (isTracked(pod) && (!known || tries(pod) > tries(known))) waiting.set(index, pod);
  }
  for (const [index, pod] of waiting) if ((carriedOn.get(index) ?? -1) > tries(pod)) waiting.delete(index);
  return waiting;
}

/** How long the successor of a failed pod has to wait. */
export function successorWaitMs(last: Pod | undefined, nowMs: number): number {
  if (!last) return 0;
  const failures = countOf(last, failuresAnnotation) + countOf(last, ignoredAnnotation) + 1;
  return waitAfterMs(failures, finishedAtMs(last), nowMs);
}

/** The pod with the count of the failures before it. */
export function withFailureCount(job: Job, draft: Draft<Pod>, last: Pod | undefined): Draft<Pod> {
  if (!hasLimitPerIndex(job)) return draft;
  const isIgnored = last !== undefined && judgeFailure(job, last).kind === 'ignore';
  const failures = last ? countOf(last, failuresAnnotation) + (isIgnored ? 0 : 1) : 0;
  const ignored = last ? countOf(last, ignoredAnnotation) + (isIgnored ? 1 : 0) : 0;
  const annotations = {
    ...draft.metadata.annotations,
    [failuresAnnotation]: String(failures),
    ...(ignored > 0 ? { [ignoredAnnotation]: String(ignored) } : {}),
  };
  return { ...draft, metadata: { ...draft.metadata, annotations } };
}
