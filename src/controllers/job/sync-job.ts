/** Brings one Job a step further: reads, decides, acts, counts the pods that ended, and writes the status. */
import { type Job, jobs, labelSelectorMatcher, type Pod } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { claimDependents } from '../common/owners.ts';
import { createPod, deletePod, inGrowingBatches, isNamespaceTerminating } from '../common/pod-control.ts';
import { pendingWriteTimeoutMs } from '../common/pod-writes.ts';
import {
  deadlineInMs,
  decideCompletion,
  decideEarlyEnd,
  decidePods,
  type JobEnd,
  type Tally,
  tallyOf,
} from './decide-job.ts';
import { withFailureCount } from './index-failures.ts';
import type { JobContext } from './job-context.ts';
import { jobPodOf, trackingFinalizer } from './job-pods.ts';
import { endOf } from './job-status.ts';
import { releasePods } from './release-pods.ts';
import { settleFinished } from './settle-finished.ts';
import { trackPods } from './track-pods.ts';

/** Jobs of other names are their own controllers' business. */
const ownManager = 'kubernetes.io/job-controller';
/** Pods that are created or deleted in one go. Upstream: MaxPodCreateDeletePerSync. */
const maxPodsPerGo = 500;

export async function syncJob(context: JobContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const { clock, writes } = context;
  const job = context.jobs.get(key);
  if (!job || (job.spec.managedBy ?? ownManager) !== ownManager) return done;
  const claimed = await claimPods(context, job, signal);
  if (endOf(job)) return await settleFinished(context, job, claimed, signal);

  const nowMs = clock.now();
  const before = tallyOf(job, claimed);
  const earlyEnd = decideEarlyEnd(job, before, nowMs);
  const managed = await managePods(context, job, before, earlyEnd, signal);
  signal.throwIfAborted();

  const observed = writes.refreshed(job, labelSelectorMatcher(job.spec.selector), claimed);
  const tally = tallyOf(job, observed);
  const end = earlyEnd ?? decideCompletion(job, tally);
  // Pods that could not be deleted may still run: the Job is not over yet.
  await trackPods(context, job, tally, managed.error === undefined ? end : undefined, signal);
  if (managed.error !== undefined && !isNamespaceTerminating(managed.error)) throw managed.error;
  const waits = [
    managed.waitMs,
    deadlineInMs(job, nowMs),
    writes.isPending(job.metadata.uid) ? pendingWriteTimeoutMs : undefined,
  ].filter((waitMs) => waitMs !== undefined && waitMs > 0);
  return waits.length > 0 ? requeueAfter(Math.min(...waits.map(Number))) : done;
}

async function claimPods(context: JobContext, job: Job, signal: AbortSignal): Promise<readonly Pod[]> {
  const { client, writes, pods: dependents } = context;
  const owned = writes.podsOf(job.metadata.uid);
  // A Job that is over takes up nothing more.
  if (endOf(job)) return owned;
  const { selector } = job.spec;
  const claim = { client, ownerType: jobs, owner: job, selector, dependents, owned, finalizer: trackingFinalizer };
  return await claimDependents(claim, signal);
}

interface Managed {
  readonly error?: unknown;
  readonly waitMs?: number;
}

async function managePods(
  context: JobContext,
  job: Job,
  tally: Tally,
  end: JobEnd | undefined,
  signal: AbortSignal,
): Promise<Managed> {
  if (end) return { error: await deleteAll(context, job, tally.active, signal) };
  if (job.metadata.deletionTimestamp) return {};
  const decision = decidePods(job, tally, context.clock.now());
  switch (decision.kind) {
    case 'enough':
      return {};
    case 'wait':
      return { waitMs: decision.delayMs };
    case 'delete': {
      // These do not count as failed: they lose their finalizer before anybody looks at their end.
      const doomed = decision.pods.slice(0, maxPodsPerGo);
      const { error } = await releasePods(context, doomed, signal);
      return { error: error ?? (await deleteAll(context, job, doomed, signal)) };
    }
    case 'create': {
      const { indexes } = decision;
      const count = Math.min(indexes.length, maxPodsPerGo);
      const error = await inGrowingBatches(count, (at) => {
        const index = indexes[at];
        const last = index === undefined ? undefined : tally.awaitingSuccessors.get(index);
        return createPod(context, job, withFailureCount(job, jobPodOf(job, index), last), signal);
      });
      return { error };
    }
    default:
      return unreachable(decision, 'pods decision');
  }
}

async function deleteAll(context: JobContext, job: Job, doomed: readonly Pod[], signal: AbortSignal): Promise<unknown> {
  const results = await Promise.allSettled(doomed.map((pod) => deletePod(context, job, pod, signal)));
  return results.find((result) => result.status === 'rejected')?.reason;
}
