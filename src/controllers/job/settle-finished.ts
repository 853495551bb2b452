/** What is left to do for a Job that is over: its pods are let go, and its time to live runs. */
import { type Job, jobs, type Pod } from '../../api/index.ts';
import { done, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import type { JobContext } from './job-context.ts';
import { isTracked } from './job-pods.ts';
import { endOf } from './job-status.ts';
import { releasePods } from './release-pods.ts';

export async function settleFinished(
  context: JobContext,
  job: Job,
  owned: readonly Pod[],
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { error } = await releasePods(context, owned.filter(isTracked), signal);
  if (error !== undefined) throw error;
  const leftMs = timeToLiveMs(job, context.clock.now());
  if (leftMs === undefined || job.metadata.deletionTimestamp) return done;
  if (leftMs > 0) return requeueAfter(leftMs);
  await expire(context, job, signal);
  return done;
}

/** How long a finished Job stays; undefined when for ever. Upstream: ttlafterfinished. */
export function timeToLiveMs(job: Job, nowMs: number): number | undefined {
  const finishedAt = endOf(job)?.lastTransitionTime;
  const { ttlSecondsAfterFinished } = job.spec;
  if (finishedAt === undefined || ttlSecondsAfterFinished === undefined) return undefined;
  return Date.parse(finishedAt) + ttlSecondsAfterFinished * 1000 - nowMs;
}

/** A user may have given the Job more time, which the cache may not show yet. */
async function expire({ expiryClient: client, clock }: JobContext, job: Job, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = job.metadata;
  const live = await ifFound(client.get(jobs, { namespace, name }, { signal }));
  const leftMs = live && timeToLiveMs(live, clock.now());
  if (live?.metadata.uid !== uid || leftMs === undefined || leftMs > 0) return;
  const preconditions = { uid, resourceVersion: live.metadata.resourceVersion };
  const options = { propagationPolicy: 'Foreground' as const, preconditions, signal };
  await ifFound(client.delete(jobs, { namespace, name }, options));
}
