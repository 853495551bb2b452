/**
 * Counting the ends of pods exactly once, whatever crashes in between: first a pod's uid is noted in the status, then
 * its finalizer goes, then it is counted and the note goes. Pure. Upstream: trackJobStatusAndRemoveFinalizers.
 */
import type { Job, JobStatus, Pod } from '../../api/index.ts';
import type { JobEnd } from './decide-job.ts';
import { formatIndexes, parseIndexes } from './indexes.ts';
import { completionIndexOf, isIndexed, isTracked } from './job-pods.ts';
import { isFailed, isSucceeded, judgeFailure } from './pod-outcome.ts';

/** Notes at a time, so that the status stays small. Upstream: MaxUncountedPods. */
const maxUncounted = 500;

export interface Tracking {
  readonly status: JobStatus;
  /** Pods that are noted, or need no note: they may lose their finalizer once the status is written. */
  readonly release: readonly Pod[];
  /** There were more than fit into the status. */
  readonly isCut: boolean;
}

/** Notes the pods that ended; once the Job is over, the others count as failed. `kept` are not to be let go yet. */
export function noteEndedPods(
  job: Job,
  status: JobStatus,
  { pods, kept }: { readonly pods: readonly Pod[]; readonly kept?: ReadonlySet<Pod> },
  end: JobEnd | undefined,
): Tracking {
  const { succeeded: knownSucceeded = [], failed: knownFailed = [] } = status.uncountedTerminatedPods ?? {};
  const indexes = parseIndexes(status.completedIndexes, job.spec.completions ?? 0);
  const succeeded = [...knownSucceeded];
  const failed = [...knownFailed];
  const release: Pod[] = [];
  const isCounted = (pod: Pod) => !isIndexed(job) || completionIndexOf(job, pod) !== undefined;
  let noted = 0;
  for (const pod of pods.filter(isTracked)) {
    // Pods that are sent home because enough succeeded have not failed.
    const hasFailed = end?.final === 'Complete' ? pod.status?.phase === 'Failed' : isFailed(job, pod);
    const isOver = job.metadata.deletionTimestamp !== undefined || end !== undefined;
    if (!isOver && !isSucceeded(pod) && (!hasFailed || kept?.has(pod))) continue;
    release.push(pod);
    const { uid } = pod.metadata;
    if (isSucceeded(pod) && !failed.includes(uid)) {
      const index = completionIndexOf(job, pod);
      if (isIndexed(job)) {
        if (index !== undefined) indexes.add(index);
      } else if (!succeeded.includes(uid)) noted = succeeded.push(uid);
    } else if (hasFailed || end?.final === 'Failed') {
      const counts = isCounted(pod) && judgeFailure(job, pod).kind !== 'ignore';
      if (counts && !failed.includes(uid)) noted = failed.push(uid);
    }
    noted = succeeded.length + failed.length;
    if (noted >= maxUncounted) break;
  }
  const counted: JobStatus = isIndexed(job)
    ? { ...status, succeeded: indexes.size, completedIndexes: formatIndexes(indexes) }
    : status;
  return {
    status: { ...counted, uncountedTerminatedPods: uncountedOf(succeeded, failed) },
    release,
    isCut: noted >= maxUncounted,
  };
}

function uncountedOf(succeeded: readonly string[], failed: readonly string[]) {
  return { ...(succeeded.length > 0 ? { succeeded } : {}), ...(failed.length > 0 ? { failed } : {}) };
}

/** Counts the noted pods that have no finalizer any more. `tracked` are the uids of those that still do. */
export function countReleased(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const stillSucceeded = succeeded.filter((uid) => tracked.has(uid));
  const stillFailed = failed.filter((uid) => tracked.has(uid));
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - stillSucceeded.length,
    failed: (status.failed ?? 0) + failed.length - stillFailed.length,
    uncountedTerminatedPods: uncountedOf(stillSucceeded, stillFailed),
  };
}

export function isAllCounted({ uncountedTerminatedPods: uncounted }: JobStatus): boolean {
  return !uncounted?.succeeded?.length && !uncounted?.failed?.length;
}
