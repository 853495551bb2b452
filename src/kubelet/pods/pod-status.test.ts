import { describe, expect, it } from 'vitest';
import type { Pod, PodSpec, PodStatus } from '../../api/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { type PodStatusInput, podStatus } from './pod-status.ts';

const startedAtMs = Date.parse('2026-11-21T03:14:27Z');

function pod(spec: Partial<PodSpec> = {}, status: PodStatus = {}): Pod {
  const volumeMounts = [{ mountPath: '/data', name: 'disk' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'g', uid: 'u', resourceVersion: '1', creationTimestamp: '', generation: 1 },
    spec: {
      hostNetwork: true,
      containers: [{ name: 'web', image: 'docker.io/library/busybox:latest', resources: {}, volumeMounts }],
      ...spec,
    },
    status: { qosClass: 'BestEffort', ...status },
  };
}

function record(change: Partial<ContainerRecord> = {}, attempt = 0): ContainerRecord {
  return {
    id: `c${attempt}`,
    identity: { podUid: 'u', podNamespace: 'g', podName: 'web-0', containerName: 'web', attempt, specHash: '' },
    image: '',
    imageId: 'sha256:c0',
    logPath: '',
    terminationLogPath: '',
    tty: false,
    stdin: false,
    createdAtMs: startedAtMs,
    startedAtMs,
    state: 'running',
    ...change,
  };
}

function status(change: Partial<PodStatusInput>): PodStatus {
  return podStatus({
    pod: pod(),
    records: [],
    health: () => undefined,
    waiting: new Map(),
    terminationMessages: new Map(),
    finished: false,
    verdict: undefined,
    before: undefined,
    nodeIp: '127.0.0.1',
    runtimeName: 'process',
    nowMs: startedAtMs,
    ...change,
  });
}

const condition = (of: PodStatus, type: string) => of.conditions?.find((candidate) => candidate.type === type);

describe('podStatus', () => {
  it('is what Kubernetes writes for a running pod', () => {
    const waiting = status({ nowMs: Date.parse('2026-11-21T03:14:19Z') });
    const running = status({ records: [record()], before: waiting });
    const at = (type: string, lastTransitionTime: string) => ({
      lastTransitionTime,
      observedGeneration: 1,
      status: 'True',
      type,
    });
    expect(running).toEqual({
      conditions: [
        at('PodReadyToStartContainers', '2026-11-21T03:14:27Z'),
        at('Initialized', '2026-11-21T03:14:19Z'),
        at('Ready', '2026-11-21T03:14:27Z'),
        at('ContainersReady', '2026-11-21T03:14:27Z'),
        at('PodScheduled', '2026-11-21T03:14:19Z'),
      ],
      containerStatuses: [
        {
          containerID: 'process://c0',
          image: 'docker.io/library/busybox:latest',
          imageID: 'sha256:c0',
          lastState: {},
          name: 'web',
          ready: true,
          resources: {},
          restartCount: 0,
          started: true,
          state: { running: { startedAt: '2026-11-21T03:14:27Z' } },
          volumeMounts: [{ mountPath: '/data', name: 'disk' }],
        },
      ],
      hostIP: '127.0.0.1',
      hostIPs: [{ ip: '127.0.0.1' }],
      observedGeneration: 1,
      phase: 'Running',
      podIP: '127.0.0.1',
      podIPs: [{ ip: '127.0.0.1' }],
      qosClass: 'BestEffort',
      resources: {},
      startTime: '2026-11-21T03:14:19Z',
    });
  });

  it('says what a pod waits for', () => {
    const waiting = new Map([['web', { reason: 'CreateContainerConfigError', message: 'secret "x" not found' }]]);
    const result = status({ waiting });
    expect(result).toMatchObject({ phase: 'Pending', containerStatuses: [{ state: { waiting: waiting.get('web') } }] });
    expect(condition(result, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [web]',
    });
  });

  it('shows a crash and the one before the running instance', () => {
    const crashed = record({ state: 'exited', exitCode: 137, reason: 'Error', finishedAtMs: startedAtMs + 5_000 });
    const waiting = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off' }]]);
    const terminated = { exitCode: 137, reason: 'Error', finishedAt: '2026-11-21T03:14:32Z' };
    expect(status({ records: [crashed], waiting })).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } }],
    });
    expect(status({ records: [crashed, record({}, 1)] })).toMatchObject({
      containerStatuses: [{ restartCount: 1, state: { running: {} }, lastState: { terminated } }],
    });
  });

  it('ends as Succeeded or Failed', () => {
    const spec = { restartPolicy: 'Never' };
    const ended = (exitCode: number) => [
      record({ state: 'exited', exitCode, reason: 'Completed', finishedAtMs: startedAtMs }),
    ];
    const good = status({ pod: pod(spec), records: ended(0), finished: true });
    expect(good.phase).toBe('Succeeded');
    expect(condition(good, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(condition(good, 'Initialized')).toMatchObject({ status: 'True', reason: 'PodCompleted' });
    const bad = status({ pod: pod(spec), records: ended(1), finished: true });
    expect(bad.phase).toBe('Failed');
    expect(condition(bad, 'ContainersReady')).toMatchObject({ status: 'False', reason: 'PodFailed' });
    expect(status({ finished: true }).phase).toBe('Failed');
  });

  it("ends as the node's verdict says, whatever the containers say", () => {
    const verdict = { reason: 'Evicted', message: 'Usage of EmptyDir volume "v" exceeds the limit "1Gi". ' };
    const records = [record({ state: 'exited', exitCode: 0, finishedAtMs: startedAtMs })];
    expect(status({ records, finished: true, verdict })).toMatchObject({ phase: 'Failed', ...verdict });
  });

  it('never takes a final phase back', () => {
    const evicted = pod({}, { phase: 'Failed', reason: 'Evicted', message: 'too big' });
    const records = [record({ state: 'exited', exitCode: 0, finishedAtMs: startedAtMs })];
    expect(status({ pod: evicted, records, finished: true })).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'too big',
    });
  });

  it('waits for readiness gates and keeps their conditions', () => {
    const gate = { conditionType: 'example.com/gate' };
    const closed = { type: gate.conditionType, status: 'False' };
    const spec = { readinessGates: [gate] };
    const missing = status({ pod: pod(spec), records: [record()] });
    expect(condition(missing, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
    const result = status({ pod: pod(spec, { conditions: [closed] }), records: [record()] });
    expect(condition(result, gate.conditionType)).toEqual(closed);
    const open = status({ pod: pod(spec, { conditions: [{ ...closed, status: 'True' }] }), records: [record()] });
    expect(condition(open, 'Ready')?.status).toBe('True');
  });

  it('names init containers that are not done', () => {
    const initContainers = [{ name: 'setup', image: 'b' }];
    const result = status({ pod: pod({ initContainers }) });
    expect(condition(result, 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [setup]',
    });
    expect(result.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  it('counts restarts on when the runtime has forgotten the container', () => {
    const before = status({ records: [record({}, 3)] });
    expect(status({ before })).toMatchObject({ containerStatuses: [{ restartCount: 3, containerID: 'process://c3' }] });
  });
});
