import { describe, expect, it } from 'vitest';
import type { CronJob } from '../../api/index.ts';
import { testMeta } from '../common/test-objects.ts';
import { dueTime, nextRunInMs } from './decide-run.ts';
import { jobOf, scheduledTimeOf } from './job-of-cron-job.ts';
import { parseSchedule } from './schedule.ts';
import { isTimeZone, localTimestamp } from './wall-clock.ts';

function timesOf(schedule: string, from: string, count: number, timeZone = 'UTC'): string[] {
  const parsed = parseSchedule(schedule, timeZone);
  const times: string[] = [];
  let atMs: number | undefined = Date.parse(from);
  while (times.length < count) {
    atMs = parsed.next(atMs);
    if (atMs === undefined) return [...times, 'never'];
    times.push(new Date(atMs).toISOString().slice(0, 16));
  }
  return times;
}

describe('a schedule', () => {
  it.each([
    ['* * * * *', '2026-01-01T00:00:30Z', ['2026-01-01T00:01', '2026-01-01T00:02']],
    ['*/15 * * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:15', '2026-01-01T00:30']],
    [
      '5/20 * * * *',
      '2026-01-01T00:00:00Z',
      ['2026-01-01T00:05', '2026-01-01T00:25', '2026-01-01T00:45', '2026-01-01T01:05'],
    ],
    ['0 0 * * *', '2026-01-31T12:00:00Z', ['2026-02-01T00:00']],
    ['0 9-17/4 * * mon-fri', '2026-01-02T13:30:00Z', ['2026-01-02T17:00', '2026-01-05T09:00']],
    ['30 6 1,15 * ?', '2026-01-02T00:00:00Z', ['2026-01-15T06:30', '2026-02-01T06:30']],
    // Days of the month and of the week are alternatives when both are chosen.
    ['0 0 13 * fri', '2026-01-03T00:00:00Z', ['2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00']],
    // A star with a step is a choice as well.
    ['0 0 */20 * fri', '2026-01-03T00:00:00Z', ['2026-01-09T00:00', '2026-01-16T00:00', '2026-01-21T00:00']],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00']],
    ['0 0 31 feb *', '2026-01-01T00:00:00Z', ['never']],
    ['59 23 31 DEC *', '2026-01-01T00:00:00Z', ['2026-12-31T23:59']],
    ['@hourly', '2026-01-01T00:00:00Z', ['2026-01-01T01:00']],
    ['@daily', '2026-01-01T00:00:00Z', ['2026-01-02T00:00']],
    ['@midnight', '2026-01-01T00:00:00Z', ['2026-01-02T00:00']],
    ['@weekly', '2026-01-01T00:00:00Z', ['2026-01-04T00:00']],
    ['@monthly', '2026-01-01T00:00:00Z', ['2026-02-01T00:00']],
    ['@yearly', '2026-01-01T00:00:00Z', ['2027-01-01T00:00']],
    ['@every 1h30m', '2026-01-01T00:07:00Z', ['2026-01-01T01:37', '2026-01-01T03:07']],
  ])('[U1] %s from %s comes at %j', (schedule, from, times) => {
    expect(timesOf(schedule, from, times.length)).toEqual(times);
  });

  it.each([
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['x * * * *', 'failed to parse int from x: invalid syntax'],
    ['1-2-3 * * * *', 'failed to parse int from 1-2-3'],
    ['@fortnightly', 'unrecognized descriptor: @fortnightly'],
    ['@every soon', 'failed to parse duration @every soon'],
  ])('[U1] [rel-L15] %s is refused: %s', (schedule, message) => {
    expect(() => parseSchedule(schedule, 'UTC')).toThrow(message);
  });

  it('[U1] follows its time zone, skips an hour that does not exist and repeats one that comes twice', () => {
    expect(timesOf('0 9 * * *', '2026-01-01T00:00:00Z', 1, 'Asia/Kolkata')).toEqual(['2026-01-01T03:30']);
    // 2026-03-29: from 02:00 to 03:00. 2026-10-25: from 03:00 back to 02:00.
    expect(timesOf('30 2 * * *', '2026-03-27T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
    ]);
    expect(timesOf('30 2 * * *', '2026-10-24T12:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:30',
      '2026-10-26T01:30',
    ]);
    expect(timesOf('0 0 * * *', '2026-03-28T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-28T23:00',
      '2026-03-29T22:00',
    ]);
  });

  it('[U1] knows time zones by their names', () => {
    expect(['UTC', 'Europe/Berlin'].map(isTimeZone)).toEqual([true, true]);
    expect(['', 'Mars/Olympus', '+01:00'].map(isTimeZone)).toEqual([false, false, false]);
    const atMs = Date.parse('2026-01-01T00:00:00Z');
    expect(localTimestamp(atMs, 'UTC')).toBe('2026-01-01T00:00:00Z');
    expect(localTimestamp(atMs, 'Asia/Kolkata')).toBe('2026-01-01T05:30:00+05:30');
    expect(localTimestamp(atMs, 'America/New_York')).toBe('2025-12-31T19:00:00-05:00');
  });
});

function testCronJob(spec: Partial<CronJob['spec']> = {}, status: CronJob['status'] = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: testMeta('beat', { namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' }),
    spec: { schedule: '0 * * * *', jobTemplate: {}, ...spec },
    status,
  };
}

describe('the time that is due', () => {
  const due = (now: string, spec: Partial<CronJob['spec']> = {}, lastScheduleTime?: string) => {
    const cronJob = testCronJob(spec, lastScheduleTime ? { lastScheduleTime } : {});
    const { scheduledMs, isTooMany } = dueTime(cronJob, parseSchedule(cronJob.spec.schedule, 'UTC'), Date.parse(now));
    return `${scheduledMs === undefined ? 'none' : new Date(scheduledMs).toISOString().slice(5, 16)}${isTooMany ? ' !' : ''}`;
  };
  it.each([
    ['2026-01-01T00:59:00Z', {}, undefined, 'none'],
    ['2026-01-01T01:00:00Z', {}, undefined, '01-01T01:00'],
    ['2026-01-01T01:30:00Z', {}, '2026-01-01T01:00:00Z', 'none'],
    ['2026-01-01T05:30:00Z', {}, '2026-01-01T01:00:00Z', '01-01T05:00'],
    ['2026-01-08T05:30:00Z', {}, '2026-01-01T01:00:00Z', '01-08T05:00 !'],
    ['2026-01-08T05:30:00Z', { startingDeadlineSeconds: 3600 }, '2026-01-01T01:00:00Z', '01-08T05:00'],
    ['2026-01-08T05:30:00Z', { startingDeadlineSeconds: 60 }, '2026-01-01T01:00:00Z', 'none'],
    ['2026-03-02T03:00:00Z', { schedule: '30 6-16/4 * * 1-5' }, '2026-02-27T14:30:00Z', 'none'],
    ['2026-03-03T03:00:00Z', { schedule: '30 6-16/4 * * 1-5' }, '2026-02-27T14:30:00Z', '03-02T14:30'],
    ['2026-01-02T00:00:00Z', { schedule: '0 0 31 2 *' }, undefined, 'none'],
  ])('[U1] at %s with %j after %s is %s', (now, spec, last, expected) => {
    expect(due(now, spec, last)).toBe(expected);
  });

  it('[U1] comes again with the schedule, whatever was missed', () => {
    const cronJob = testCronJob({}, { lastScheduleTime: '2026-01-01T01:00:00Z' });
    const schedule = parseSchedule('0 * * * *', 'UTC');
    expect(nextRunInMs(cronJob, schedule, Date.parse('2026-01-01T01:30:00Z'))).toBe(30 * 60_000 + 100);
    expect(nextRunInMs(cronJob, schedule, Date.parse('2026-01-03T01:30:00Z'))).toBe(30 * 60_000 + 100);
    expect(
      nextRunInMs(cronJob, parseSchedule('0 0 31 2 *', 'UTC'), Date.parse('2026-01-03T01:30:00Z')),
    ).toBeUndefined();
  });
});

describe('the Job of a time', () => {
  it('[U1] is named by the time, and tells it', () => {
    const atMs = Date.parse('2026-01-01T01:00:00Z');
    const { metadata } = jobOf(testCronJob({ jobTemplate: { metadata: { labels: { a: 'b' } } } }), atMs, 'UTC');
    expect(metadata).toMatchObject({
      name: 'beat-29453820',
      labels: { a: 'b' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T01:00:00Z' },
    });
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: testMeta('beat-29453820', { namespace: 'ns' }) };
    expect(scheduledTimeOf(testCronJob(), { ...job, spec: { template: {} } })).toBe(atMs);
    const mine = { ...job, metadata: testMeta('beat-by-hand', { namespace: 'ns' }) };
    expect(scheduledTimeOf(testCronJob(), { ...mine, spec: { template: {} } })).toBeUndefined();
  });
});
