/** Counts the pods of a Job that ended and writes its status: the notes first, the counts when the finalizers are gone. */
import { isEqual, type Job, type JobStatus, jobs, pods } from '../../api/index.ts';
import { timestamp } from '../../base/index.ts';
import type { JobEnd, Tally } from './decide-job.ts';
import { hasLimitPerIndex } from './index-failures.ts';
import { formatIndexes } from './indexes.ts';
import type { JobContext } from './job-context.ts';
import { isTracked } from './job-pods.ts';
import { withCondition } from './job-status.ts';
import { releasePods } from './release-pods.ts';
import { countReleased, isAllCounted, noteEndedPods } from './tracking.ts';

export async function trackPods(
  context: JobContext,
  job: Job,
  tally: Tally,
  end: JobEnd | undefined,
  signal: AbortSignal,
): Promise<void> {
  const now = timestamp(context.clock);
  const ended = { pods: tally.pods, kept: new Set(tally.awaitingSuccessors.values()) };
  const noted = noteEndedPods(job, observedStatus(job, tally, end, now), ended, end);
  const written = await writeStatus(context, job, noted.status, signal);
  announceSuspension(context, job, written);

  const released = await releasePods(context, noted.release, signal);
  const tracked = await trackedUids(context, written, tally, released.uids, signal);
  const counted = countReleased(written.status ?? {}, tracked);
  const isOver =
    end && !noted.isCut && released.error === undefined && tally.terminating === 0 && isAllCounted(counted);
  const status = isOver ? withEnd(counted, end, now) : counted;
  const settled = await writeStatus(context, written, status, signal);
  if (isOver) announceEnd(context, settled, end);
  if (released.error !== undefined) throw released.error;
}

/** What can be seen of the pods, the start, a pause, and the first word of the end. */
function observedStatus(job: Job, tally: Tally, end: JobEnd | undefined, now: string): JobStatus {
  const before = job.status ?? {};
  const { suspend = false } = job.spec;
  const startTime = before.startTime ?? (suspend ? undefined : now);
  const status: JobStatus = {
    ...before,
    ...(startTime === undefined ? {} : { startTime }),
    active: tally.active.length,
    ready: tally.ready,
    terminating: tally.terminating,
    ...(hasLimitPerIndex(job) ? { failedIndexes: formatIndexes(tally.failedIndexes) } : {}),
  };
  if (end) {
    const { interim: type, reason, message } = end;
    return withCondition(status, { type, status: 'True', reason, message }, now);
  }
  if (job.metadata.deletionTimestamp) return status;
  const suspension = suspend
    ? { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }
    : { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' };
  const changed = withCondition(status, suspension, now);
  // The time that a Job may be active begins anew when it goes on.
  return changed !== status && !suspend ? { ...changed, startTime: now } : changed;
}

function withEnd(status: JobStatus, { final: type, reason, message }: JobEnd, now: string): JobStatus {
  const ended = withCondition(status, { type, status: 'True', reason, message }, now);
  return type === 'Complete' ? { ...ended, completionTime: now } : ended;
}

/** A status without the zeros and empty texts that Kubernetes leaves out. */
function trimmed(status: JobStatus): JobStatus {
  const { active, succeeded, failed, completedIndexes, ...rest } = status;
  return {
    ...rest,
    ...(active ? { active } : {}),
    ...(succeeded ? { succeeded } : {}),
    ...(failed ? { failed } : {}),
    ...(completedIndexes ? { completedIndexes } : {}),
  };
}

async function writeStatus({ client, jobs: cache }: JobContext, job: Job, status: JobStatus, signal: AbortSignal) {
  const wanted = trimmed(status);
  if (isEqual(wanted, job.status ?? {})) return job;
  const written = await client.updateStatus(jobs, { ...job, status: wanted }, { signal });
  cache.record(written);
  return written;
}

/**
 * The uids that may still carry the finalizer. A pod that was noted and is not in the cache may be gone, or the cache
 * may not know it yet: counting it on that evidence could count it twice.
 */
async function trackedUids(
  { client }: JobContext,
  job: Job,
  tally: Tally,
  released: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const tracked = new Set(tally.pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  for (const uid of released) tracked.delete(uid);
  const { succeeded = [], failed = [] } = job.status?.uncountedTerminatedPods ?? {};
  const known = new Set(tally.pods.map(({ metadata }) => metadata.uid));
  if ([...succeeded, ...failed].every((uid) => known.has(uid))) return tracked;
  const { items } = await client.list(pods, { namespace: job.metadata.namespace, signal });
  for (const pod of items) if (isTracked(pod) && !released.has(pod.metadata.uid)) tracked.add(pod.metadata.uid);
  return tracked;
}

function announceSuspension({ recorder }: JobContext, before: Job, after: Job): void {
  const statusOf = (job: Job) => job.status?.conditions?.find(({ type }) => type === 'Suspended')?.status;
  const now = statusOf(after);
  if (now === undefined || now === statusOf(before)) return;
  if (now === 'True') recorder.event(after, 'Normal', 'Suspended', 'Job suspended');
  else recorder.event(after, 'Normal', 'Resumed', 'Job resumed');
}

function announceEnd({ recorder }: JobContext, job: Job, end: JobEnd): void {
  if (end.final === 'Failed') {
    recorder.event(job, 'Warning', end.reason, end.message);
    return;
  }
  if (job.spec.completions !== undefined && (job.status?.succeeded ?? 0) > job.spec.completions) {
    const message = 'Too many succeeded pods running after completion count reached';
    recorder.event(job, 'Warning', 'TooManySucceededPods', message);
  }
  recorder.event(job, 'Normal', 'Completed', 'Job completed');
}
