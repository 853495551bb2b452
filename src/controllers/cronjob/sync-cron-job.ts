/** Brings one CronJob up to date: its list of Jobs at work, the run that is due, the history that is kept. */
import {
  type CronJob,
  type CronJobStatus,
  cronJobs,
  isAlreadyExists,
  isEqual,
  type Job,
  jobs,
} from '../../api/index.ts';
import { type Clock, messageOf } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type ReconcileResult,
  requeueAfter,
} from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';
import { controllerOf, dependentsOf } from '../common/owners.ts';
import { isNamespaceTerminating } from '../common/pod-control.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import { refreshActive } from './active-jobs.ts';
import { dueTime, nextRunInMs } from './decide-run.ts';
import { jobNameOf, jobOf, referenceTo } from './job-of-cron-job.ts';
import { parseSchedule, type Schedule, ScheduleError } from './schedule.ts';
import { isTimeZone } from './wall-clock.ts';

export interface CronJobContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  /** For what comes back with every look. */
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly cronJobs: WrittenCache<CronJob>;
  readonly jobs: Informer<Job>;
  /** The zone of schedules that name none. */
  readonly localTimeZone: string;
}

export async function syncCronJob(context: CronJobContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const cronJob = context.cronJobs.get(key);
  if (!cronJob) return done;
  const owned = dependentsOf(context.jobs, cronJob.metadata.uid);
  const refreshed = await refreshActive(context, cronJob, owned, signal);
  const current = await writeStatus(context, cronJob, refreshed.status, signal);
  for (const { type, reason, message } of refreshed.news) context.recorder.event(current, type, reason, message);
  await forgetOldJobs(context, current, owned, signal);
  if (current.metadata.deletionTimestamp || current.spec.suspend) return done;
  const schedule = scheduleOf(context, current);
  if (!schedule) return done;
  const after = await runWhatIsDue(context, current, schedule, signal);
  const waitMs = nextRunInMs(after, schedule, context.clock.now());
  return waitMs === undefined ? done : requeueAfter(waitMs);
}

/** How long until the first time of the schedule that is still to come; undefined when there is none. */
export function firstRunInMs(context: CronJobContext, cronJob: CronJob): number | undefined {
  const nowMs = context.clock.now();
  const next = scheduleOf(context, cronJob)?.next(nowMs);
  return next === undefined ? undefined : next - nowMs;
}

function timeZoneOf({ localTimeZone }: CronJobContext, { spec }: CronJob): string {
  return spec.timeZone ?? localTimeZone;
}

/** The schedule; undefined when nobody can follow it, which only a change of the CronJob can mend. */
function scheduleOf(context: CronJobContext, cronJob: CronJob): Schedule | undefined {
  const { announcer } = context;
  const { schedule, timeZone } = cronJob.spec;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const message = `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`;
    announcer.announce(cronJob, { type: 'Warning', reason: 'UnknownTimeZone', message });
    return undefined;
  }
  try {
    return parseSchedule(schedule, timeZoneOf(context, cronJob));
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const message = `unparseable schedule: "${schedule}" : ${error.message}`;
    announcer.announce(cronJob, { type: 'Warning', reason: 'UnparseableSchedule', message });
    return undefined;
  }
}

/** Starts the Job of the latest time that has come, unless it is too late for it or others are still at work. */
async function runWhatIsDue(
  context: CronJobContext,
  cronJob: CronJob,
  schedule: Schedule,
  signal: AbortSignal,
): Promise<CronJob> {
  const { announcer } = context;
  const { scheduledMs, isTooMany } = dueTime(cronJob, schedule, context.clock.now());
  if (scheduledMs === undefined) return cronJob;
  if (isTooMany) {
    const advice = 'Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    const message = `too many missed start times. ${advice}`;
    announcer.announce(cronJob, { type: 'Warning', reason: 'TooManyMissedTimes', message }, 'missed');
  }
  const { active = [], lastScheduleTime } = cronJob.status ?? {};
  const jobName = jobNameOf(cronJob, scheduledMs);
  const isServed = lastScheduleTime !== undefined && Date.parse(lastScheduleTime) === scheduledMs;
  if (isServed || active.some(({ name }) => name === jobName)) return cronJob;
  if (cronJob.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    announcer.announce(cronJob, { type: 'Normal', reason: 'JobAlreadyActive', message }, `active ${scheduledMs}`);
    return cronJob;
  }
  const replaced = cronJob.spec.concurrencyPolicy === 'Replace';
  if (replaced) for (const { name = '' } of active) await deleteActive(context, cronJob, name, signal);
  const job = await startJob(context, cronJob, scheduledMs, signal);
  if (!job) return cronJob;
  return await writeStatus(
    context,
    cronJob,
    {
      ...cronJob.status,
      active: [...(replaced ? [] : active), referenceTo(job)],
      lastScheduleTime: `${new Date(scheduledMs).toISOString().slice(0, 19)}Z`,
    },
    signal,
  );
}

/** The Job of this time; undefined when somebody else has taken its name. */
async function startJob(
  context: CronJobContext,
  cronJob: CronJob,
  scheduledMs: number,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const { client, recorder, announcer } = context;
  const draft = jobOf(cronJob, scheduledMs, timeZoneOf(context, cronJob));
  try {
    const job = await client.create(jobs, draft, { signal });
    recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
    return job;
  } catch (error) {
    if (isNamespaceTerminating(error)) return undefined;
    if (isAlreadyExists(error)) {
      // Made by a run that died before it could say so.
      const key = { namespace: cronJob.metadata.namespace, name: draft.metadata.name ?? '' };
      const found = await ifFound(client.get(jobs, key, { signal }));
      return found && controllerOf(found)?.uid === cronJob.metadata.uid ? found : undefined;
    }
    if (!signal.aborted) {
      const message = `Error creating job: ${messageOf(error)}`;
      announcer.announce(cronJob, { type: 'Warning', reason: 'FailedCreate', message }, 'create');
    }
    throw error;
  }
}

async function deleteActive(
  context: CronJobContext,
  cronJob: CronJob,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const job = await ifFound(context.client.get(jobs, { namespace: cronJob.metadata.namespace, name }, { signal }));
  if (job) await deleteJob(context, cronJob, job, signal);
}

async function deleteJob(
  { client, recorder, announcer }: CronJobContext,
  cronJob: CronJob,
  job: Job,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = job.metadata;
  const options = { propagationPolicy: 'Background' as const, preconditions: { uid }, signal };
  try {
    await ifFound(client.delete(jobs, { namespace, name }, options));
    recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  } catch (error) {
    const message = `Deleted job: ${messageOf(error)}`;
    if (!signal.aborted) announcer.announce(cronJob, { type: 'Warning', reason: 'FailedDelete', message }, 'delete');
    throw error;
  }
}

/** The oldest finished Jobs beyond the limits, successes and failures apart. */
async function forgetOldJobs(
  context: CronJobContext,
  cronJob: CronJob,
  owned: readonly Job[],
  signal: AbortSignal,
): Promise<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec;
  const endedAs = (end: string) =>
    owned
      .filter(({ status, metadata }) => {
        const hasEnded = status?.conditions?.some(({ type, status: value }) => type === end && value === 'True');
        return hasEnded && !metadata.deletionTimestamp;
      })
      .sort((left, right) => startOf(left) - startOf(right) || (left.metadata.name < right.metadata.name ? -1 : 1));
  const surplus = (list: readonly Job[], limit: number | undefined) =>
    limit === undefined ? [] : list.slice(0, Math.max(0, list.length - limit));
  const doomed = [
    ...surplus(endedAs('Complete'), successfulJobsHistoryLimit),
    ...surplus(endedAs('Failed'), failedJobsHistoryLimit),
  ];
  for (const job of doomed) await deleteJob(context, cronJob, job, signal);
}

function startOf({ status }: Job): number {
  return status?.startTime === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(status.startTime);
}

async function writeStatus(
  { client, cronJobs: cache }: CronJobContext,
  cronJob: CronJob,
  { active, ...rest }: CronJobStatus,
  signal: AbortSignal,
): Promise<CronJob> {
  const status: CronJobStatus = { ...(active?.length ? { active } : {}), ...rest };
  if (isEqual(status, cronJob.status ?? {})) return cronJob;
  const written = await client.updateStatus(cronJobs, { ...cronJob, status }, { signal });
  cache.record(written);
  return written;
}
