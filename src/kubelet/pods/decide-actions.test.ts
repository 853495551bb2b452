import { describe, expect, it } from 'vitest';
import type { Container, Pod, PodSpec } from '../../api/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { CrashBackoff, formatDuration } from './crash-backoff.ts';
import { decideActions, type PodView } from './decide-actions.ts';

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'b', ...more });

function pod(spec: Partial<PodSpec>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { containers: [container('web')], ...spec },
  };
}

let serial = 0;
function record(name: string, change: Partial<ContainerRecord> & { attempt?: number } = {}): ContainerRecord {
  const { attempt = 0, ...rest } = change;
  return {
    id: `id-${serial++}`,
    identity: { podUid: 'u', podNamespace: 'd', podName: 'p', containerName: name, attempt, specHash: 'same' },
    image: 'b',
    imageId: 'b',
    logPath: '',
    terminationLogPath: '',
    tty: false,
    stdin: false,
    createdAtMs: 0,
    startedAtMs: 0,
    state: 'running',
    ...rest,
  };
}
const exited = (name: string, exitCode: number, change: Partial<ContainerRecord> & { attempt?: number } = {}) =>
  record(name, { state: 'exited', exitCode, finishedAtMs: 1_000, ...change });

function decide(given: Pod, records: readonly ContainerRecord[], more: Partial<PodView> = {}) {
  const decision = decideActions({
    pod: given,
    records,
    health: () => undefined,
    backoff: new CrashBackoff(),
    specHash: () => 'same',
    nowMs: 5_000,
    ...more,
  });
  if (decision.kind === 'finished') return 'finished';
  return {
    start: decision.start.map((start) => start.container.name),
    kill: decision.kill.map((kill) => `${kill.container.name} ${kill.because}`),
    wait: decision.waiting.map((wait) => wait.container.name),
  };
}
const nothing = { start: [], kill: [], wait: [] };

describe('decideActions', () => {
  it('starts what is not there and leaves alone what runs', () => {
    const two = pod({ containers: [container('a'), container('b')] });
    expect(decide(two, [])).toEqual({ ...nothing, start: ['a', 'b'] });
    expect(decide(two, [record('a')])).toEqual({ ...nothing, start: ['b'] });
    expect(decide(two, [record('a'), record('b')])).toEqual(nothing);
  });

  it.each([
    ['Always', 0, 'restart'],
    ['Always', 1, 'restart'],
    ['OnFailure', 0, 'finished'],
    ['OnFailure', 1, 'restart'],
    ['Never', 0, 'finished'],
    ['Never', 1, 'finished'],
  ])('[U3] with policy %s and exit code %i: %s', (restartPolicy, exitCode, expected) => {
    const result = decide(pod({ restartPolicy }), [exited('web', exitCode)]);
    expect(result).toEqual(expected === 'finished' ? 'finished' : { ...nothing, start: ['web'] });
  });

  it('is not finished while one container runs', () => {
    const two = pod({ restartPolicy: 'Never', containers: [container('a'), container('b')] });
    expect(decide(two, [exited('a', 0), record('b')])).toEqual(nothing);
    expect(decide(two, [exited('a', 0), exited('b', 1)])).toBe('finished');
  });

  it('looks at the newest instance only', () => {
    expect(decide(pod({}), [exited('web', 1), record('web', { attempt: 1 })])).toEqual(nothing);
  });

  it('waits longer with each crash and begins anew after a long run', () => {
    const backoff = new CrashBackoff();
    const crash = exited('web', 1);
    expect(decide(pod({}), [crash], { backoff })).toEqual({ ...nothing, start: ['web'] });
    const delays = [1, 2, 3, 4, 5, 6, 7].map(() => {
      backoff.noteRestart('web');
      return backoff.delayMs(crash) / 1000;
    });
    expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300]);
    expect(decide(pod({}), [crash], { backoff })).toEqual({ ...nothing, wait: ['web'] });
    const longRun = exited('web', 1, { finishedAtMs: 700_000 });
    expect(backoff.delayMs(longRun)).toBe(0);
    expect(formatDuration(160_000)).toBe('2m40s');
  });

  it('runs init containers one by one, and the others after them', () => {
    const given = pod({ initContainers: [container('i1'), container('i2')] });
    expect(decide(given, [])).toEqual({ ...nothing, start: ['i1'] });
    expect(decide(given, [record('i1')])).toEqual(nothing);
    expect(decide(given, [exited('i1', 0)])).toEqual({ ...nothing, start: ['i2'] });
    expect(decide(given, [exited('i1', 0), exited('i2', 1)])).toEqual({ ...nothing, start: ['i2'] });
    expect(decide(given, [exited('i1', 0), exited('i2', 0)])).toEqual({ ...nothing, start: ['web'] });
  });

  it('does not run init containers again when only their records are lost', () => {
    const given = pod({ initContainers: [container('i1')] });
    expect(decide(given, [record('web')])).toEqual(nothing);
  });

  it('fails a pod whose init container may not be repeated', () => {
    const given = pod({ restartPolicy: 'Never', initContainers: [container('i1')] });
    expect(decide(given, [exited('i1', 1)])).toBe('finished');
  });

  it('starts a sidecar before the others, and again whenever it ends', () => {
    const sidecar = container('side', { restartPolicy: 'Always' });
    const given = pod({ restartPolicy: 'Never', initContainers: [sidecar] });
    expect(decide(given, [])).toEqual({ ...nothing, start: ['side'] });
    expect(decide(given, [record('side')])).toEqual({ ...nothing, start: ['web'] });
    const starting = { health: () => ({ started: false, ready: false }) };
    expect(decide(given, [record('side')], starting)).toEqual(nothing);
    expect(decide(given, [exited('side', 0), record('web')])).toEqual({ ...nothing, start: ['side'] });
    expect(decide(given, [record('side'), exited('web', 0)])).toBe('finished');
  });

  it('restarts what a probe failed and what was changed', () => {
    const health = () => ({ started: true, ready: false, failure: 'liveness' as const });
    expect(decide(pod({}), [record('web')], { health })).toEqual({ ...nothing, kill: ['web liveness'] });
    expect(decide(pod({}), [record('web')], { specHash: () => 'other' })).toEqual({
      ...nothing,
      kill: ['web changed'],
    });
  });
});
