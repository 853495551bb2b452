import { describe, expect, it } from 'vitest';
import type { Job, JobSpec, JobStatus, Pod } from '../../api/index.ts';
import { testMeta, testPod } from '../common/test-objects.ts';
import { decideCompletion, decideEarlyEnd, decidePods, tallyOf } from './decide-job.ts';
import { formatIndexes, parseIndexes } from './indexes.ts';
import { completionIndexKey, jobPodOf, trackingFinalizer } from './job-pods.ts';
import { failureWaitMs, finishedAtMs, judgeFailure } from './pod-outcome.ts';
import { countReleased, isAllCounted, noteEndedPods } from './tracking.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');

function testJob(spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: testMeta('work', { namespace: 'ns' }),
    spec: { backoffLimit: 6, parallelism: 1, template: {}, ...spec },
    status,
  };
}

interface End {
  readonly phase?: string;
  readonly index?: number;
  readonly finishedAt?: string;
  readonly tracked?: boolean;
  readonly meta?: object;
}

function jobPod(name: string, { phase = 'Running', index, finishedAt, tracked = true, meta = {} }: End = {}): Pod {
  const terminated = { exitCode: 1, ...(finishedAt ? { finishedAt } : {}) };
  const status = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } };
  return testPod(
    name,
    { nodeName: 'n1' },
    {
      meta: {
        ...(tracked ? { finalizers: [trackingFinalizer] } : {}),
        ...(index === undefined ? {} : { annotations: { [completionIndexKey]: String(index) } }),
        ...meta,
      },
      status: { phase, ...(phase === 'Running' ? {} : { containerStatuses: [status] }) },
    },
  );
}

const decide = (job: Job, pods: readonly Pod[]) => decidePods(job, tallyOf(job, pods), nowMs);

describe('completion indexes', () => {
  it.each([
    ['', []],
    ['0', [0]],
    ['0,1', [0, 1]],
    ['0-2', [0, 1, 2]],
    ['1,3-5,7,8', [1, 3, 4, 5, 7, 8]],
  ])('[U1] are written %j', (text, indexes) => {
    expect(formatIndexes(new Set(indexes))).toBe(text);
    expect([...parseIndexes(text, 9)]).toEqual(indexes);
  });

  it('[U1] beyond the completions are left out, as is nonsense', () => {
    expect([...parseIndexes('0-9,x,-1,12', 3)]).toEqual([0, 1, 2]);
    expect([...parseIndexes(undefined, 3)]).toEqual([]);
  });
});

describe('the number of pods', () => {
  it.each([
    [{ parallelism: 3 }, {}, 0, { kind: 'create', indexes: [undefined, undefined, undefined] }],
    [{ parallelism: 3, completions: 5 }, { succeeded: 4 }, 0, { kind: 'create', indexes: [undefined] }],
    [{ parallelism: 3, completions: 5 }, { succeeded: 3 }, 2, { kind: 'enough' }],
    [{ parallelism: 3, completions: 5 }, { succeeded: 5 }, 0, { kind: 'enough' }],
    [{ parallelism: 0, completions: 5 }, {}, 0, { kind: 'enough' }],
    [{ parallelism: 3 }, { succeeded: 1 }, 2, { kind: 'enough' }],
    [{ parallelism: 3, suspend: true }, {}, 0, { kind: 'enough' }],
  ])('[U1] of %j with status %j and %i at work: %j', (spec, status, active, expected) => {
    const pods = Array.from({ length: active }, (_, at) => jobPod(`p${at}`));
    expect(decide(testJob(spec, status), pods)).toEqual(expected);
  });

  it('[U1] sinks by the pods that got least far', () => {
    const pending = jobPod('pending', { phase: 'Pending' });
    const pods = [jobPod('a'), pending, jobPod('b')];
    expect(decide(testJob({ parallelism: 2 }), pods)).toEqual({ kind: 'delete', pods: [pending] });
    expect(decide(testJob({ suspend: true }), pods)).toEqual({ kind: 'delete', pods });
  });

  it('[U1] leaves out indexes that are done or at work, and pods whose index is taken or wrong', () => {
    const spec = { completionMode: 'Indexed', completions: 4, parallelism: 2 };
    const job = testJob(spec, { completedIndexes: '0', succeeded: 1 });
    expect(decide(job, [jobPod('a', { index: 2 })])).toEqual({ kind: 'create', indexes: [1] });
    const twin = jobPod('twin', { index: 2, phase: 'Pending' });
    expect(decide(job, [twin, jobPod('a', { index: 2 })])).toEqual({ kind: 'delete', pods: [twin] });
    const wrong = jobPod('wrong', { index: 9 });
    expect(decide(job, [wrong])).toEqual({ kind: 'delete', pods: [wrong] });
  });

  it('[U1] waits for pods to end when only failed ones are replaced', () => {
    const leaving = jobPod('p', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect(decide(testJob({ podReplacementPolicy: 'Failed' }), [leaving])).toEqual({ kind: 'enough' });
  });

  it('[U1] waits after failures: 10 s, then twice as long each time, 10 minutes at most', () => {
    const failed = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        jobPod(`p${at}`, { phase: 'Failed', finishedAt: '2026-01-01T00:59:59Z' }),
      );
    const waits = [1, 2, 3, 20].map((count) => failureWaitMs(testJob(), failed(count), nowMs));
    expect(waits).toEqual([9_000, 19_000, 39_000, 599_000]);
    const success = jobPod('s', { phase: 'Succeeded', finishedAt: '2026-01-01T00:59:59Z' });
    expect(failureWaitMs(testJob(), [...failed(3), success], nowMs)).toBe(0);
  });

  it('[U1] knows when a pod ended from its containers, its condition, its deletion, its creation', () => {
    const finishedAt = '2026-01-01T00:30:00Z';
    expect(finishedAtMs(jobPod('p', { phase: 'Failed', finishedAt }))).toBe(Date.parse(finishedAt));
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: finishedAt }];
    expect(finishedAtMs(testPod('p', {}, { status: { conditions } }))).toBe(Date.parse(finishedAt));
    const meta = { deletionTimestamp: '2026-01-01T00:30:30Z', deletionGracePeriodSeconds: 30 };
    expect(finishedAtMs(testPod('p', {}, { meta }))).toBe(Date.parse(finishedAt));
    expect(finishedAtMs(testPod('p'))).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });
});

describe('the end of a Job', () => {
  const endOf = (job: Job, pods: readonly Pod[]) => decideEarlyEnd(job, tallyOf(job, pods), nowMs)?.reason;
  it.each([
    ['too many failures', { backoffLimit: 1 }, { failed: 1 }, 'Failed', 'BackoffLimitExceeded'],
    ['failures within the limit', { backoffLimit: 2 }, { failed: 1 }, 'Failed', undefined],
    [
      'the deadline',
      { activeDeadlineSeconds: 60 },
      { startTime: '2026-01-01T00:59:00Z' },
      'Running',
      'DeadlineExceeded',
    ],
    ['a deadline to come', { activeDeadlineSeconds: 61 }, { startTime: '2026-01-01T00:59:00Z' }, 'Running', undefined],
    [
      'no deadline while paused',
      { activeDeadlineSeconds: 1, suspend: true },
      { startTime: '2026-01-01T00:00:00Z' },
      'Running',
      undefined,
    ],
    ['what was begun', {}, { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'X' }] }, 'Running', 'X'],
    [
      'a success that was begun',
      {},
      { conditions: [{ type: 'SuccessCriteriaMet', status: 'True', reason: 'Y' }] },
      'Running',
      'Y',
    ],
  ])('[U1] by %s', (_title, spec, status, phase, expected) => {
    expect(endOf(testJob(spec, status), [jobPod('p', { phase })])).toBe(expected);
  });

  it('[U1] by success comes when no pod is at work any more', () => {
    const job = testJob({ completions: 1 }, { succeeded: 1 });
    expect(decideCompletion(job, tallyOf(job, [jobPod('p')]))).toBeUndefined();
    expect(decideCompletion(job, tallyOf(job, []))?.final).toBe('Complete');
    expect(decideCompletion(testJob(), tallyOf(testJob(), []))).toBeUndefined();
  });

  it.each([
    [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }, 'ignore'],
    [{ action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [1] } }, 'count'],
    [{ action: 'FailJob', onExitCodes: { containerName: 'other', operator: 'In', values: [1] } }, 'count'],
    [{ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [2] } }, 'failJob'],
    [{ action: 'Count', onExitCodes: { operator: 'In', values: [1] } }, 'count'],
  ])('[U1] is judged by the rule %j: %s', (rule, kind) => {
    const job = testJob({ podFailurePolicy: { rules: [rule] } });
    expect(judgeFailure(job, jobPod('p', { phase: 'Failed' })).kind).toBe(kind);
  });
});

describe('counting', () => {
  const pods = [
    jobPod('ok', { phase: 'Succeeded' }),
    jobPod('bad', { phase: 'Failed' }),
    jobPod('busy'),
    jobPod('old', { phase: 'Succeeded', tracked: false }),
  ];

  it('[U1] notes every end once, before the finalizer goes', () => {
    const first = noteEndedPods(testJob(), {}, { pods }, undefined);
    expect(first.release.map(({ metadata }) => metadata.name)).toEqual(['ok', 'bad']);
    expect(first.status.uncountedTerminatedPods).toEqual({ succeeded: ['uid-ok'], failed: ['uid-bad'] });
    expect(noteEndedPods(testJob(), first.status, { pods }, undefined).status).toEqual(first.status);
  });

  it('[U1] counts what has no finalizer any more, and only that', () => {
    const { status } = noteEndedPods(testJob(), { succeeded: 3 }, { pods }, undefined);
    const half = countReleased(status, new Set(['uid-bad']));
    expect(half).toMatchObject({ succeeded: 4, failed: 0, uncountedTerminatedPods: { failed: ['uid-bad'] } });
    expect(isAllCounted(half)).toBe(false);
    expect(isAllCounted(countReleased(half, new Set()))).toBe(true);
  });

  it('[U1] counts pods at work as failed when the Job failed, and not when it succeeded', () => {
    const failed = { interim: 'FailureTarget', final: 'Failed', reason: '', message: '' } as const;
    expect(noteEndedPods(testJob(), {}, { pods }, failed).status.uncountedTerminatedPods?.failed).toEqual([
      'uid-bad',
      'uid-busy',
    ]);
    const met = { interim: 'SuccessCriteriaMet', final: 'Complete', reason: '', message: '' } as const;
    const { status, release } = noteEndedPods(testJob(), {}, { pods }, met);
    expect(status.uncountedTerminatedPods?.failed).toEqual(['uid-bad']);
    expect(release).toHaveLength(3);
  });

  it('[U1] stops where the status would grow too large', () => {
    const many = Array.from({ length: 700 }, (_, at) => jobPod(`p${at}`, { phase: 'Succeeded' }));
    const { status, release, isCut } = noteEndedPods(testJob(), {}, { pods: many }, undefined);
    expect([status.uncountedTerminatedPods?.succeeded?.length, release.length, isCut]).toEqual([500, 500, true]);
  });

  it('[U1] tells indexes, not uids', () => {
    const job = testJob({ completionMode: 'Indexed', completions: 3 });
    const ended = [jobPod('a', { phase: 'Succeeded', index: 1 }), jobPod('b', { phase: 'Succeeded', index: 7 })];
    const { status, release } = noteEndedPods(job, { completedIndexes: '0' }, { pods: ended }, undefined);
    expect(status).toMatchObject({ succeeded: 2, completedIndexes: '0,1', uncountedTerminatedPods: {} });
    expect(release).toHaveLength(2);
  });
});

describe('a pod of a Job', () => {
  it('[U1] keeps a variable of its template that has the name of the index', () => {
    const env = [{ name: 'JOB_COMPLETION_INDEX', value: 'mine' }];
    const job = testJob({
      template: { spec: { containers: [{ name: 'main', env }], initContainers: [{ name: 'i' }] } },
    });
    const { spec, metadata } = jobPodOf(job, 3);
    expect(spec.containers[0]?.env).toEqual(env);
    expect(spec.initContainers?.[0]?.env).toHaveLength(1);
    expect(metadata.generateName).toBe('work-3-');
    expect(
      jobPodOf(testJob({ template: { metadata: { finalizers: [trackingFinalizer] } as never } }), undefined).metadata
        .finalizers,
    ).toEqual([trackingFinalizer]);
  });
});
