import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Draft, type Job, type JobSpec, jobs, type Pod, type PodTemplateSpec, pods } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startGarbageCollector, startJobController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { PodAgent } from './support/pod-agent.ts';

const component = 'job-controller';
const key = { namespace: 'default', name: 'work' };

function template(spec: object = {}): PodTemplateSpec {
  // Templates carry no identity; the type asks for more than the server does.
  return { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }], ...spec } } as never;
}

function draft(spec: Partial<JobSpec> = {}): Draft<Job> {
  return { metadata: key, spec: { template: template(), ...spec } };
}

describe('the Job controller', () => {
  let plane: ControlPlane;
  let agent: PodAgent;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    agent = await PodAgent.start(plane);
    agent.nodeName = 'n1';
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startJobController, client);
  const create = async (spec: Partial<JobSpec> = {}) => {
    const job = await plane.client.create(jobs, draft(spec));
    await plane.clock.settle();
    return job;
  };
  const patchJob = async (spec: object) => {
    await plane.client.patch(jobs, key, { type: 'merge', body: { spec } });
    await plane.clock.settle();
  };
  const job = () => plane.client.get(jobs, key);
  const podList = async () => (await plane.client.list(pods)).items;
  const running = async () => (await podList()).filter(({ status }) => status?.phase === 'Running');
  const indexOf = ({ metadata }: Pod) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'];
  const indexes = async () => (await running()).map(indexOf).sort();
  const conditions = async () =>
    (await job()).status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`) ?? [];
  const endOne = async (phase: 'Succeeded' | 'Failed', exitCode?: number) => {
    const [pod] = await running();
    await agent.end(pod?.metadata.name ?? '', phase, exitCode);
  };
  const endIndex = async (index: string, phase: 'Succeeded' | 'Failed') => {
    const pod = (await running()).find((one) => indexOf(one) === index);
    await agent.end(pod?.metadata.name ?? '', phase);
  };

  it('[U1] runs a pod until it succeeded, counts it once and is complete', async () => {
    await start();
    const { metadata } = await create();
    const [pod] = await podList();
    expect(pod?.metadata).toMatchObject({
      name: expect.stringMatching(/^work-[a-z0-9]{5}$/),
      labels: {
        'batch.kubernetes.io/controller-uid': metadata.uid,
        'batch.kubernetes.io/job-name': 'work',
        'controller-uid': metadata.uid,
        'job-name': 'work',
      },
      finalizers: ['batch.kubernetes.io/job-tracking'],
    });
    const startTime = '2026-01-01T00:00:00Z';
    expect((await job()).status).toEqual({
      startTime,
      active: 1,
      ready: 1,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    await plane.clock.advance(5000);
    await endOne('Succeeded');
    const { conditions: _, ...counts } = (await job()).status ?? {};
    expect(counts).toEqual({
      startTime,
      completionTime: '2026-01-01T00:00:05Z',
      succeeded: 1,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect(await conditions()).toEqual([
      'SuccessCriteriaMet True CompletionsReached',
      'Complete True CompletionsReached',
    ]);
    const [ended] = await podList();
    expect(ended?.metadata.finalizers).toBeUndefined();
    expect(await plane.eventsOf('work')).toEqual([
      `Normal SuccessfulCreate Created pod: ${pod?.metadata.name}`,
      'Normal Completed Job completed',
    ]);
  });

  it('[U1] runs as many pods side by side as it may, and not more than are still to succeed', async () => {
    await start();
    await create({ completions: 5, parallelism: 3 });
    const widths = [(await running()).length];
    for (let ended = 0; ended < 5; ended++) {
      await endOne('Succeeded');
      widths.push((await running()).length);
    }
    expect(widths).toEqual([3, 3, 3, 2, 1, 0]);
    expect((await job()).status).toMatchObject({ succeeded: 5 });
    expect(await conditions()).toContain('Complete True CompletionsReached');
  });

  it('[U1] without a number of completions starts none after the first success and waits for the others', async () => {
    await start();
    await create({ parallelism: 3 });
    await endOne('Succeeded');
    expect(await running()).toHaveLength(2);
    await endOne('Failed');
    expect(await running()).toHaveLength(1);
    await endOne('Succeeded');
    expect((await job()).status).toMatchObject({ succeeded: 2, failed: 1 });
    expect(await conditions()).toContain('Complete True CompletionsReached');
  });

  describe('after failures', () => {
    it('[U1] waits longer before every next pod, and gives up at the limit', async () => {
      await start();
      await create({ backoffLimit: 2 });
      const waits: number[] = [];
      for (let failure = 0; failure < 2; failure++) {
        await endOne('Failed');
        const from = plane.clock.now();
        await plane.clock.until(async () => (await running()).length > 0, 60_000);
        waits.push(plane.clock.now() - from);
      }
      expect(waits).toEqual([10_000, 20_000]);
      await endOne('Failed');
      await plane.clock.advance(600_000);
      expect(await running()).toEqual([]);
      expect((await job()).status).toMatchObject({ failed: 3 });
      expect(await conditions()).toEqual([
        'FailureTarget True BackoffLimitExceeded',
        'Failed True BackoffLimitExceeded',
      ]);
      expect(await plane.eventsOf('work')).toContain(
        'Warning BackoffLimitExceeded Job has reached the specified backoff limit',
      );
    });

    it('[U1] starts the waits anew after a success', async () => {
      await start();
      await create({ completions: 3, backoffLimit: 9 });
      await endOne('Failed');
      await plane.clock.advance(10_000);
      await plane.clock.advance(1000);
      await endOne('Succeeded');
      await plane.clock.advance(1000);
      await endOne('Failed');
      const from = plane.clock.now();
      await plane.clock.until(async () => (await running()).length > 0, 60_000);
      expect(plane.clock.now() - from).toBe(10_000);
    });

    it('[U1] takes the other pods with it, and is over when they are gone', async () => {
      await start();
      await create({ completions: 3, parallelism: 3, backoffLimit: 0 });
      const slow = (await running())[1]?.metadata.name;
      agent.isStuck = ({ metadata }) => metadata.name === slow && metadata.deletionTimestamp !== undefined;
      const first = (await running()).find(({ metadata }) => metadata.name !== slow);
      await agent.end(first?.metadata.name ?? '', 'Failed');
      expect((await podList()).map(({ metadata }) => metadata.name).sort()).toEqual(
        [first?.metadata.name, slow].sort(),
      );
      expect(await conditions()).toEqual(['FailureTarget True BackoffLimitExceeded']);
      agent.isStuck = () => false;
      await agent.lookAgain();
      expect(await conditions()).toContain('Failed True BackoffLimitExceeded');
      expect((await job()).status).toMatchObject({ failed: 3, terminating: 0 });
    });

    it('[U1] counts restarts within a pod where pods restart', async () => {
      await start();
      await create({ backoffLimit: 2, template: template({ restartPolicy: 'OnFailure' }) });
      const [pod] = await running();
      const restarted = { name: 'main', image: '', imageID: '', ready: true, restartCount: 2 };
      await plane.client.updateStatus(pods, {
        ...(pod as Pod),
        status: { ...pod?.status, containerStatuses: [restarted] },
      });
      await plane.clock.settle();
      expect(await conditions()).toContain('Failed True BackoffLimitExceeded');
    });

    it('[U1] does as the failure policy says', async () => {
      await start();
      const rules = [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } },
      ];
      await create({ backoffLimit: 0, podFailurePolicy: { rules } });
      const [pod] = await running();
      const disrupted = { type: 'DisruptionTarget', status: 'True' };
      const conditionsOf = [...(pod?.status?.conditions ?? []), disrupted];
      await plane.client.updateStatus(pods, {
        ...(pod as Pod),
        status: { ...pod?.status, phase: 'Failed', conditions: conditionsOf },
      });
      await plane.clock.advance(10_000);
      expect((await job()).status?.failed).toBeUndefined();
      const [second] = await running();
      await endOne('Failed', 42);
      const message = `Container main for pod default/${second?.metadata.name} failed with exit code 42 matching FailJob rule at index 1`;
      expect(await conditions()).toContain('Failed True PodFailurePolicy');
      expect(await plane.eventsOf('work')).toContain(`Warning PodFailurePolicy ${message}`);
    });
  });

  it('[U1] fails when it was active for too long', async () => {
    await start();
    await create({ activeDeadlineSeconds: 30 });
    await plane.clock.advance(29_000);
    expect(await conditions()).toEqual([]);
    await plane.clock.advance(2000);
    expect(await conditions()).toEqual(['FailureTarget True DeadlineExceeded', 'Failed True DeadlineExceeded']);
    expect(await podList()).toEqual([]);
    expect(await plane.eventsOf('work')).toContain(
      'Warning DeadlineExceeded Job was active longer than specified deadline',
    );
  });

  it('[U1] replaces a pod that somebody deleted, and counts it as failed', async () => {
    await start();
    await create();
    const [pod] = await running();
    await plane.client.delete(pods, { namespace: 'default', name: pod?.metadata.name ?? '' });
    await plane.clock.settle();
    expect((await job()).status).toMatchObject({ failed: 1 });
    await plane.clock.advance(10_000);
    expect((await running()).map(({ metadata }) => metadata.uid)).not.toContain(pod?.metadata.uid);
    expect(await running()).toHaveLength(1);
  });

  describe('with indexes', () => {
    it('[U1] gives every pod its index in name, host name, label and environment', async () => {
      await start();
      await create({ completionMode: 'Indexed', completions: 2, parallelism: 2 });
      const pod = (await running()).find((one) => indexOf(one) === '1');
      expect(pod?.metadata.name).toMatch(/^work-1-[a-z0-9]{5}$/);
      expect(pod?.metadata.labels?.['batch.kubernetes.io/job-completion-index']).toBe('1');
      expect(pod?.spec.hostname).toBe('work-1');
      const fieldPath = "metadata.labels['batch.kubernetes.io/job-completion-index']";
      expect(pod?.spec.containers[0]?.env).toMatchObject([
        { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath } } },
      ]);
    });

    it('[U1] makes the lowest index that is missing, and again the one that failed', async () => {
      await start();
      await create({ completionMode: 'Indexed', completions: 5, parallelism: 2 });
      expect(await indexes()).toEqual(['0', '1']);
      await endIndex('1', 'Succeeded');
      expect(await indexes()).toEqual(['0', '2']);
      await endIndex('0', 'Failed');
      await plane.clock.advance(10_000);
      expect(await indexes()).toEqual(['0', '2']);
      for (const index of ['2', '3', '4']) await endIndex(index, 'Succeeded');
      expect((await job()).status).toMatchObject({ completedIndexes: '1-4', succeeded: 4, failed: 1 });
      await endIndex('0', 'Succeeded');
      expect((await job()).status).toMatchObject({ completedIndexes: '0-4', succeeded: 5 });
      expect(await conditions()).toContain('Complete True CompletionsReached');
    });
  });

  describe('with a limit per index', () => {
    const spec = { completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimitPerIndex: 1 };
    const tries = async (index: string) =>
      (await podList())
        .filter((pod) => indexOf(pod) === index)
        .map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'])
        .sort();

    it('[U1] gives up an index that failed too often, and fails when all others are done', async () => {
      await start();
      await create(spec);
      await endIndex('0', 'Failed');
      await endIndex('1', 'Succeeded');
      await endIndex('2', 'Succeeded');
      expect(await tries('0')).toEqual(['0']);
      const held = (await podList()).find((pod) => indexOf(pod) === '0');
      // Its count is not handed on yet.
      expect(held?.metadata.finalizers).toHaveLength(1);
      await plane.clock.advance(10_000);
      expect(await tries('0')).toEqual(['0', '1']);
      await endIndex('0', 'Failed');
      await plane.clock.advance(60_000);
      expect((await job()).status).toMatchObject({
        completedIndexes: '1,2',
        failedIndexes: '0',
        succeeded: 2,
        failed: 2,
      });
      expect(await conditions()).toContain('Failed True FailedIndexes');
      expect((await podList()).flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    });

    it('[U1] lets every index wait for itself', async () => {
      await start();
      await create({ ...spec, backoffLimitPerIndex: 5 });
      await endIndex('0', 'Failed');
      await plane.clock.advance(10_000);
      await endIndex('0', 'Failed');
      await plane.clock.advance(5_000);
      await endIndex('1', 'Failed');
      await plane.clock.advance(10_000);
      expect(await indexes()).toEqual(['1', '2']);
      await plane.clock.advance(5_000);
      expect(await indexes()).toEqual(['0', '1', '2']);
    });

    it('[U1] fails at once when more indexes are given up than may be', async () => {
      await start();
      await create({ ...spec, backoffLimitPerIndex: 0, maxFailedIndexes: 0 });
      await endIndex('1', 'Failed');
      expect(await conditions()).toContain('Failed True MaxFailedIndexesExceeded');
      expect(await running()).toEqual([]);
    });
  });

  it.each([
    [{ succeededCount: 2 }, ['0', '2']],
    [{ succeededIndexes: '1' }, ['1']],
    [{ succeededIndexes: '0-1', succeededCount: 1 }, ['1']],
  ])('[U1] is complete when its success policy %j is met by %j', async (rule, succeeded) => {
    await start();
    const successPolicy = { rules: [rule] };
    await create({ completionMode: 'Indexed', completions: 3, parallelism: 3, successPolicy });
    for (const [at, index] of succeeded.entries()) {
      expect(await running()).toHaveLength(3 - at);
      await endIndex(index, 'Succeeded');
    }
    expect(await running()).toEqual([]);
    expect(await conditions()).toEqual(['SuccessCriteriaMet True SuccessPolicy', 'Complete True SuccessPolicy']);
    expect((await job()).status?.failed).toBeUndefined();
  });

  it('[U1] pauses and goes on', async () => {
    await start();
    await create({ suspend: true, completions: 2, parallelism: 2 });
    expect(await podList()).toEqual([]);
    expect(await conditions()).toEqual(['Suspended True JobSuspended']);
    await plane.clock.advance(5000);
    await patchJob({ suspend: false });
    expect((await job()).status?.startTime).toBe('2026-01-01T00:00:05Z');
    await endOne('Succeeded');
    await patchJob({ suspend: true });
    expect(await running()).toEqual([]);
    expect((await job()).status).toMatchObject({ succeeded: 1 });
    expect((await job()).status?.failed).toBeUndefined();
    await patchJob({ suspend: false });
    await endOne('Succeeded');
    expect(await conditions()).toContain('Complete True CompletionsReached');
    const told = (await plane.eventsOf('work')).filter((text) => text.includes('Job '));
    expect(new Set(told)).toEqual(
      new Set(['Normal Suspended Job suspended', 'Normal Resumed Job resumed', 'Normal Completed Job completed']),
    );
  });

  it('[U1] makes fewer pods when parallelism sinks, without counting the others as failed', async () => {
    await start();
    await create({ completions: 5, parallelism: 3 });
    await patchJob({ parallelism: 1 });
    expect(await running()).toHaveLength(1);
    expect((await job()).status?.failed).toBeUndefined();
  });

  it('[U1] goes when its time to live after the end is over', async () => {
    await startOn(plane, 'garbage-collector-controller', startGarbageCollector);
    await start();
    await create({ ttlSecondsAfterFinished: 60 });
    await endOne('Succeeded');
    await plane.clock.advance(50_000);
    expect(await conditions()).toContain('Complete True CompletionsReached');
    await plane.clock.advance(11_000);
    expect(await plane.get(jobs, key)).toBeUndefined();
    expect(await podList()).toEqual([]);
  });

  it('[rel-L6] lets the pods of a Job go that was deleted', async () => {
    await startOn(plane, 'garbage-collector-controller', startGarbageCollector);
    await start();
    await create({ completions: 2, parallelism: 2 });
    await plane.client.delete(jobs, key, { propagationPolicy: 'Background' });
    await plane.clock.settle();
    expect(await podList()).toEqual([]);
  });

  it('[U1] leaves Jobs of other managers alone', async () => {
    await start();
    await create({ managedBy: 'example.com/queue' });
    expect(await podList()).toEqual([]);
    expect((await job()).status).toEqual({});
  });

  it('[U1] [rel-L12] writes nothing at rest', async () => {
    await start();
    await create({ completions: 2 });
    await endOne('Succeeded');
    await plane.clock.advance(60_000);
    const { resourceVersion } = await plane.client.list(pods);
    await plane.clock.advance(1_800_000);
    expect((await plane.client.list(pods)).resourceVersion).toBe(resourceVersion);
  });

  it.each(['Pod', 'Job'])('[U1] counts every pod once over a cache of kind %s that lags', async (kind) => {
    const { client, hold, release } = laggingClient(plane.clientOf(component), kind);
    await start(client);
    await create({ completions: 4, parallelism: 2 });
    for (let round = 0; round < 4; round++) {
      hold();
      await endOne('Succeeded');
      await plane.clock.advance(1000);
      release();
      await plane.clock.settle();
    }
    expect((await job()).status).toMatchObject({ succeeded: 4 });
    expect(await podList()).toHaveLength(4);
    expect(await conditions()).toContain('Complete True CompletionsReached');
  });

  describe('killed around any write', () => {
    const plans = Array.from({ length: 14 }, (_, afterWrites) => afterWrites).flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[U1] [rel-L10] counts as if nothing had happened: %o', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await create({ completions: 2, backoffLimit: 3 });
      const phases: ('Failed' | 'Succeeded')[] = ['Failed', 'Succeeded', 'Succeeded'];
      const play = async () => {
        for (let round = 0; round < 3; round++) {
          await plane.clock.advance(30_000);
          if ((await running()).length > 0) await endOne(phases.shift() ?? 'Succeeded');
        }
      };
      await play();
      const wasDead = mortal.isDead;
      await first[Symbol.asyncDispose]();
      await start();
      await play();
      expect(wasDead).toBe(true);
      const items = await podList();
      const count = (phase: string) => items.filter(({ status }) => status?.phase === phase).length;
      expect((await job()).status).toMatchObject({ succeeded: count('Succeeded'), failed: count('Failed') });
      expect(count('Failed')).toBe(1);
      expect(count('Succeeded')).toBe(2);
      expect(items.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
      expect(await conditions()).toContain('Complete True CompletionsReached');
    });
  });
});
