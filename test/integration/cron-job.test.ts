import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CronJob, cronJobs, type Draft, type Job, jobs } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startCronJobController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';

const component = 'cronjob-controller';
const key = { namespace: 'default', name: 'beat' };
const minuteMs = 60_000;

function draft(spec: Partial<CronJob['spec']> = {}): Draft<CronJob> {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } };
  return { metadata: key, spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template } }, ...spec } };
}

describe('the CronJob controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    // The clock stands at 2026-01-01T00:00:00Z.
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startCronJobController, client);
  const create = async (spec: Partial<CronJob['spec']> = {}) => {
    await plane.client.create(cronJobs, draft(spec));
    await plane.clock.settle();
  };
  const patch = async (spec: object) => {
    await plane.client.patch(cronJobs, key, { type: 'merge', body: { spec } });
    await plane.clock.settle();
  };
  const cronJob = () => plane.client.get(cronJobs, key);
  const jobList = async () => (await plane.client.list(jobs)).items;
  const names = async () => (await jobList()).map(({ metadata }) => metadata.name).sort();
  const active = async () => (await cronJob()).status?.active?.map(({ name }) => name) ?? [];
  async function end(name: string, type: 'Complete' | 'Failed'): Promise<void> {
    const job = await plane.client.get(jobs, { namespace: 'default', name });
    const now = `${new Date(plane.clock.now()).toISOString().slice(0, 19)}Z`;
    const status: Job['status'] = {
      startTime: now,
      conditions: [{ type, status: 'True', lastTransitionTime: now }],
      ...(type === 'Complete' ? { completionTime: now } : {}),
    };
    await plane.client.updateStatus(jobs, { ...job, status });
    await plane.clock.settle();
  }

  it('[U1] starts a Job at each time, named by the time, and says so', async () => {
    await start();
    await create({ timeZone: 'Asia/Kolkata' });
    await plane.clock.advance(4 * minuteMs);
    expect(await names()).toEqual([]);
    await plane.clock.advance(2 * minuteMs);
    const [job] = await jobList();
    expect(job?.metadata).toMatchObject({
      name: 'beat-29453765',
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T05:35:00+05:30' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'beat', controller: true }],
    });
    expect((await cronJob()).status).toMatchObject({
      active: [
        { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'beat-29453765', uid: job?.metadata.uid },
      ],
      lastScheduleTime: '2026-01-01T00:05:00Z',
    });
    await end('beat-29453765', 'Complete');
    expect(await active()).toEqual([]);
    expect((await cronJob()).status?.lastSuccessfulTime).toBe('2026-01-01T00:06:00Z');
    expect(await plane.eventsOf('beat')).toEqual([
      'Normal SuccessfulCreate Created job beat-29453765',
      'Normal SawCompletedJob Saw completed job: beat-29453765, condition: Complete',
    ]);
  });

  it.each([
    ['Allow', ['beat-29453765', 'beat-29453770'], ['beat-29453765', 'beat-29453770']],
    ['Forbid', ['beat-29453765'], ['beat-29453765']],
    ['Replace', ['beat-29453770'], ['beat-29453770']],
  ])('[U1] %ss two runs at a time as its policy says', async (concurrencyPolicy, expected, listed) => {
    await start();
    await create({ concurrencyPolicy });
    await plane.clock.advance(11 * minuteMs);
    expect(await names()).toEqual(expected);
    expect(await active()).toEqual(listed);
    const events = await plane.eventsOf('beat');
    const skipped =
      'Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid';
    expect(events.includes(skipped)).toBe(concurrencyPolicy === 'Forbid');
    expect(events.includes('Normal SuccessfulDelete Deleted job beat-29453765')).toBe(concurrencyPolicy === 'Replace');
  });

  it('[U1] under Forbid makes up for the run when the one before has ended', async () => {
    await start();
    await create({ concurrencyPolicy: 'Forbid' });
    await plane.clock.advance(11 * minuteMs);
    await end('beat-29453765', 'Complete');
    expect(await names()).toEqual(['beat-29453765', 'beat-29453770']);
  });

  it('[U1] keeps as much history as it is told', async () => {
    await start();
    await create({ successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 });
    for (const type of ['Complete', 'Complete', 'Failed', 'Complete', 'Failed'] as const) {
      await plane.clock.advance(5 * minuteMs + 1000);
      const [name] = await active();
      await end(name ?? '', type);
    }
    const times = (await names()).map((name) => (Number(name.slice('beat-'.length)) - 29453760) / 5);
    expect(times).toEqual([2, 4, 5]);
  });

  it('[U1] rests while it is suspended, and makes up for the last time only', async () => {
    await start();
    await create({ suspend: true });
    await plane.clock.advance(33 * minuteMs);
    expect(await names()).toEqual([]);
    await patch({ suspend: false });
    expect(await names()).toEqual(['beat-29453790']);
  });

  it('[U1] does not make up for what is past its starting deadline', async () => {
    await create({ startingDeadlineSeconds: 60 });
    await plane.clock.advance(12 * minuteMs);
    await start();
    expect(await names()).toEqual([]);
    await plane.clock.advance(4 * minuteMs);
    expect(await names()).toEqual(['beat-29453775']);
  });

  it('[U1] warns when it missed so much that something must be wrong, and goes on', async () => {
    await create({ schedule: '* * * * *' });
    await plane.clock.advance(200 * minuteMs + 5000);
    await start();
    expect(await names()).toEqual(['beat-29453960']);
    expect(await plane.eventsOf('beat')).toContain(
      'Warning TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    );
  });

  it('[U1] follows a new schedule from now on', async () => {
    await start();
    await create({ schedule: '0 0 * * *' });
    await plane.clock.advance(7 * minuteMs);
    await patch({ schedule: '*/5 * * * *' });
    expect(await names()).toEqual([]);
    await plane.clock.advance(4 * minuteMs);
    expect(await names()).toEqual(['beat-29453770']);
  });

  it('[U1] [rel-L15] tells of a time zone that nobody knows, and does nothing', async () => {
    await start();
    await create({ timeZone: 'Mars/Olympus' });
    await plane.clock.advance(20 * minuteMs);
    expect(await names()).toEqual([]);
    expect(await plane.eventsOf('beat')).toEqual([
      'Warning UnknownTimeZone invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus',
    ]);
  });

  it('[U1] notices that a Job went missing, and one that it did not make', async () => {
    await start();
    await create();
    await plane.clock.advance(6 * minuteMs);
    const [job] = await jobList();
    await plane.client.delete(jobs, { namespace: 'default', name: 'beat-29453765' });
    await plane.client.create(jobs, {
      metadata: { ...key, name: 'by-hand', ownerReferences: job?.metadata.ownerReferences ?? [] },
      spec: draft().spec.jobTemplate.spec ?? { template: {} },
    });
    await plane.clock.settle();
    expect(await active()).toEqual(['by-hand']);
    const events = await plane.eventsOf('beat');
    expect(events).toContain('Normal MissingJob Active job went missing: beat-29453765');
    expect(events).toContain('Warning UnexpectedJob Saw a job that the controller did not create or forgot: by-hand');
  });

  it('[U1] [rel-L12] writes nothing between its times', async () => {
    await start();
    await create({ schedule: '0 0 * * *' });
    await plane.clock.advance(minuteMs);
    const { resourceVersion } = await plane.client.list(jobs);
    await plane.clock.advance(30 * minuteMs);
    expect((await plane.client.list(jobs)).resourceVersion).toBe(resourceVersion);
  });

  it('[U1] starts every run once over a cache that lags', async () => {
    const { client, hold, release } = laggingClient(plane.clientOf(component), 'Job');
    await start(client);
    await create({ concurrencyPolicy: 'Forbid' });
    hold();
    await plane.clock.advance(11 * minuteMs);
    expect(await names()).toEqual(['beat-29453765']);
    release();
    await plane.clock.settle();
    expect(await active()).toEqual(['beat-29453765']);
  });

  describe('killed around any write', () => {
    const plans = Array.from({ length: 4 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[U1] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await create({ concurrencyPolicy: 'Forbid' });
      await plane.clock.advance(6 * minuteMs);
      if ((await names()).length > 0) await end('beat-29453765', 'Complete');
      await plane.clock.advance(30_000);
      if (!mortal.isDead) await plane.clock.advance(4 * minuteMs);
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      if ((await active()).includes('beat-29453765')) await end('beat-29453765', 'Complete');
      await plane.clock.advance(5 * minuteMs);
      expect(await names()).toEqual(['beat-29453765', 'beat-29453770']);
      expect(await active()).toEqual(['beat-29453770']);
      expect((await cronJob()).status?.lastScheduleTime).toBe('2026-01-01T00:10:00Z');
    });
  });
});
