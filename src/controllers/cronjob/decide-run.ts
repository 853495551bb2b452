/** Whether a CronJob is due, and for which of its times. Pure. Upstream: cronjob/utils.go mostRecentScheduleTime. */
import type { CronJob } from '../../api/index.ts';
import type { Schedule } from './schedule.ts';

export interface Due {
  /** The latest time that has come and has not been served. */
  readonly scheduledMs: number | undefined;
  /** So many times were missed that something must be wrong: a clock, or the schedule. */
  readonly isTooMany: boolean;
}

/** Upstream's bound: more than a weekend of hourly runs. */
const manyMissed = 100;

/** Times are looked at a little late, so that a timer that fires early does not find nothing. Upstream: nextScheduleDelta. */
const lateMs = 100;

function lastServedMs({ metadata, status }: CronJob): number {
  return Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp);
}

/** What came since the last run; with a starting deadline, not what is past it. */
export function dueTime(cronJob: CronJob, schedule: Schedule, nowMs: number): Due {
  const { startingDeadlineSeconds } = cronJob.spec;
  const deadlineMs = startingDeadlineSeconds === undefined ? 0 : nowMs - startingDeadlineSeconds * 1000;
  return latestSince(Math.max(lastServedMs(cronJob), deadlineMs), schedule, nowMs);
}

function latestSince(earliestMs: number, schedule: Schedule, nowMs: number): Due {
  const first = schedule.next(earliestMs);
  if (first === undefined || first > nowMs) return { scheduledMs: undefined, isTooMany: false };
  const second = schedule.next(first);
  if (second === undefined || second > nowMs) return { scheduledMs: first, isTooMany: false };
  // Not every time in between is looked at: after a year of silence there may be half a million.
  const periodMs = second - first;
  const missed = Math.floor((nowMs - first) / periodMs) + 1;
  let scheduledMs: number | undefined;
  // An uneven schedule may have no time that late: then from further back.
  for (let periods = missed - 2; scheduledMs === undefined && periods > 0; periods = Math.floor(periods / 2)) {
    scheduledMs = lastUntil(schedule, first + periods * periodMs, nowMs);
  }
  return { scheduledMs: scheduledMs ?? lastUntil(schedule, first, nowMs), isTooMany: missed > manyMissed };
}

/** The last time after the one and not after the other. */
function lastUntil(schedule: Schedule, afterMs: number, nowMs: number): number | undefined {
  let last: number | undefined;
  for (let atMs = schedule.next(afterMs); atMs !== undefined && atMs <= nowMs; atMs = schedule.next(atMs)) last = atMs;
  return last;
}

/** How long until the next time that is still to come; undefined when there is none. */
export function nextRunInMs(cronJob: CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const { scheduledMs } = latestSince(lastServedMs(cronJob), schedule, nowMs);
  let next = schedule.next(scheduledMs ?? lastServedMs(cronJob));
  // A creation time in the future, or a time that was skipped.
  while (next !== undefined && next <= nowMs) next = schedule.next(nowMs);
  return next === undefined ? undefined : next - nowMs + lateMs;
}
