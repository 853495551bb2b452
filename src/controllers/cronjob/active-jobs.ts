/** Keeps the list of a CronJob's Jobs at work, and the time of its last success. */
import { type CronJob, type CronJobStatus, type Job, jobs, type ObjectReference } from '../../api/index.ts';
import { type Client, ifFound } from '../../client/index.ts';
import { referenceTo, scheduledTimeOf } from './job-of-cron-job.ts';

export interface News {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface Refreshed {
  readonly status: CronJobStatus;
  /** To be told when the status is written. */
  readonly news: readonly News[];
}

function endOf({ status }: Job): string | undefined {
  return status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  )?.type;
}

export async function refreshActive(
  { client }: { readonly client: Client },
  cronJob: CronJob,
  owned: readonly Job[],
  signal: AbortSignal,
): Promise<Refreshed> {
  const news: News[] = [];
  const { active = [], ...before } = cronJob.status ?? {};
  let status: CronJobStatus = before;
  const byUid = new Map(owned.map((job) => [job.metadata.uid, job]));
  const kept: ObjectReference[] = [];
  for (const reference of active) {
    const job = byUid.get(reference.uid ?? '');
    const end = job && endOf(job);
    if (end !== undefined) {
      const message = `Saw completed job: ${reference.name}, condition: ${end}`;
      news.push({ type: 'Normal', reason: 'SawCompletedJob', message });
    } else if (job || (await isThere(client, reference, signal))) kept.push(reference);
    else news.push({ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${reference.name}` });
  }
  const known = new Set(active.map(({ uid }) => uid));
  for (const job of owned) {
    const end = endOf(job);
    if (end === 'Complete') status = withSuccess(status, job);
    if (end !== undefined || known.has(job.metadata.uid)) continue;
    const scheduledMs = scheduledTimeOf(cronJob, job);
    if (scheduledMs === undefined) {
      const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`;
      news.push({ type: 'Warning', reason: 'UnexpectedJob', message });
    } else status = withLastSchedule(status, scheduledMs);
    // Without its place in the list, a run that forbids others would not see it.
    kept.push(referenceTo(job));
  }
  return { status: { ...status, active: kept }, news };
}

/** The cache may not show a Job yet that was just made. */
async function isThere(client: Client, { namespace, name, uid }: ObjectReference, signal: AbortSignal) {
  const job = await ifFound(client.get(jobs, { namespace, name: name ?? '' }, { signal }));
  return job !== undefined && job.metadata.uid === uid;
}

function withSuccess(status: CronJobStatus, { status: ended }: Job): CronJobStatus {
  const at = ended?.completionTime;
  const isNewer = at !== undefined && Date.parse(at) > Date.parse(status.lastSuccessfulTime ?? '1970-01-01T00:00:00Z');
  return isNewer ? { ...status, lastSuccessfulTime: at } : status;
}

function withLastSchedule(status: CronJobStatus, scheduledMs: number): CronJobStatus {
  if (status.lastScheduleTime !== undefined && Date.parse(status.lastScheduleTime) >= scheduledMs) return status;
  return { ...status, lastScheduleTime: `${new Date(scheduledMs).toISOString().slice(0, 19)}Z` };
}
