import { describe, expect, it } from 'vitest';
import type { KubernetesObject, Pod, PodDisruptionBudget } from '../../api/index.ts';
import type { Lister } from '../../client/index.ts';
import { decideBudget, failedStatus } from './decide-budget.ts';
import type { Workloads } from './expected-scale.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const agoText = (ms: number) => new Date(nowMs - ms).toISOString();

function listerOf<T extends KubernetesObject>(objects: readonly unknown[]): Lister<T> {
  const list = objects as readonly T[];
  return {
    get: (key) => list.find(({ metadata }) => `ns/${metadata.name}` === key),
    list: () => list,
    byIndex: () => [],
  };
}

const scaled = (name: string, replicas: number | undefined, owner?: object) => ({
  metadata: { name, uid: `uid-${name}`, ...(owner && { ownerReferences: [owner] }) },
  spec: { replicas },
});
const ref = (kind: string, name: string, apiVersion = 'apps/v1', uid = `uid-${name}`) => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
});

const workloads: Workloads = {
  deployments: listerOf([scaled('web', 10)]),
  replicaSets: listerOf([scaled('web-1', 7, ref('Deployment', 'web')), scaled('alone', 4), scaled('one', undefined)]),
  replicationControllers: listerOf([scaled('old', 3)]),
  statefulSets: listerOf([scaled('db', 5)]),
};

interface PodInput {
  readonly owner?: object;
  readonly notReady?: boolean;
  readonly going?: boolean;
}

function pod(name: string, { owner, notReady, going }: PodInput = {}): Pod {
  return {
    metadata: {
      name,
      namespace: 'ns',
      ...(owner && { ownerReferences: [owner] }),
      ...(going && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    status: { conditions: [{ type: 'Ready', status: notReady ? 'False' : 'True' }] },
  } as never;
}

function pods(count: number, input: PodInput = {}, prefix = 'p'): Pod[] {
  return Array.from({ length: count }, (_, index) => pod(`${prefix}${index}`, input));
}

function budget(spec: object, status?: object): PodDisruptionBudget {
  return { metadata: { name: 'b', namespace: 'ns', generation: 2 }, spec, status } as never;
}

const ofSet = ref('ReplicaSet', 'alone');

/** `healthy/desired of expected: allowed` */
function told(spec: object, given: readonly Pod[], status?: object): string {
  const decision = decideBudget({ budget: budget(spec, status), pods: given, workloads, nowMs });
  const { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed } = decision.status;
  return `${currentHealthy}/${desiredHealthy} of ${expectedPods}: ${disruptionsAllowed}`;
}

describe('decideBudget', () => {
  it.each<[string, object, readonly Pod[], string]>([
    ['no pods', { minAvailable: 1 }, [], '0/1 of 0: 0'],
    ['no pods and nothing wanted', { minAvailable: 0 }, [], '0/0 of 0: 0'],
    ['neither number', {}, pods(2), '2/0 of 0: 0'],
    ['one more than wanted', { minAvailable: 1 }, pods(2), '2/1 of 2: 1'],
    ['as many as wanted', { minAvailable: 2 }, pods(2), '2/2 of 2: 0'],
    ['fewer than wanted', { minAvailable: 3 }, pods(2), '2/3 of 2: 0'],
    ['pods that are not ready', { minAvailable: 1 }, [...pods(1), pod('x', { notReady: true })], '1/1 of 2: 0'],
    ['pods that are going away', { minAvailable: 1 }, [...pods(2), pod('x', { going: true })], '2/1 of 3: 1'],
    ['a share of a ReplicaSet', { minAvailable: '50%' }, pods(4, { owner: ofSet }), '4/2 of 4: 2'],
    ['a share, rounded up', { minAvailable: '28%' }, pods(4, { owner: ofSet }), '4/2 of 4: 2'],
    ['a share while pods are missing', { minAvailable: '50%' }, pods(2, { owner: ofSet }), '2/2 of 4: 0'],
    ['a number that may be missing', { maxUnavailable: 1 }, pods(4, { owner: ofSet }), '4/3 of 4: 1'],
    ['a share that may be missing, rounded up', { maxUnavailable: '30%' }, pods(4, { owner: ofSet }), '4/2 of 4: 2'],
    ['more than all may be missing', { maxUnavailable: 9 }, pods(4, { owner: ofSet }), '4/0 of 4: 4'],
    ['none may be missing', { maxUnavailable: 0 }, pods(4, { owner: ofSet }), '4/4 of 4: 0'],
    ['a Deployment', { maxUnavailable: 1 }, pods(10, { owner: ref('ReplicaSet', 'web-1') }), '10/9 of 10: 1'],
    ['a StatefulSet', { maxUnavailable: 1 }, pods(5, { owner: ref('StatefulSet', 'db') }), '5/4 of 5: 1'],
    [
      'a ReplicationController',
      { maxUnavailable: 1 },
      pods(3, { owner: ref('ReplicationController', 'old', 'v1') }),
      '3/2 of 3: 1',
    ],
    [
      'a workload that names no number',
      { maxUnavailable: 1 },
      pods(1, { owner: ref('ReplicaSet', 'one') }),
      '1/0 of 1: 1',
    ],
    [
      'several workloads',
      { maxUnavailable: '20%' },
      [...pods(5, { owner: ref('StatefulSet', 'db') }), ...pods(4, { owner: ofSet }, 'q')],
      '9/7 of 9: 2',
    ],
    ['pods of nobody beside others', { maxUnavailable: 1 }, [...pods(4, { owner: ofSet }), pod('x')], '5/3 of 4: 2'],
  ])('[U1] works out %s', (_, spec, given, expected) => {
    expect(told(spec, given)).toBe(expected);
  });

  it('[U1] names the pods that nobody controls', () => {
    const given = [pod('x'), pod('y', { owner: ofSet })];
    const decide = (spec: object) => decideBudget({ budget: budget(spec), pods: given, workloads, nowMs }).unmanaged;
    expect(decide({ maxUnavailable: 1 })).toEqual(['x']);
    expect(decide({ minAvailable: 1 })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a workload that is gone', ref('ReplicaSet', 'gone'), 'found no controllers for pod "p0"'],
    [
      'a workload of the same name',
      ref('ReplicaSet', 'alone', 'apps/v1', 'other'),
      'found no controllers for pod "p0"',
    ],
    ['a Job', ref('Job', 'job', 'batch/v1'), 'jobs.batch does not implement the scale subresource'],
    ['a DaemonSet', ref('DaemonSet', 'd'), 'daemonsets.apps does not implement the scale subresource'],
  ])('[U1] cannot be worked out for %s', (_, owner, message) => {
    expect(() => told({ maxUnavailable: 1 }, pods(1, { owner }))).toThrow(message);
    expect(told({ minAvailable: 1 }, pods(1, { owner }))).toBe('1/1 of 1: 0');
  });

  it('[U1] counts pods whose eviction was promised as gone, for two minutes', () => {
    const disruptedPods = { p0: agoText(60_000), p1: agoText(120_000), gone: agoText(1000) };
    const decision = decideBudget({
      budget: budget({ minAvailable: 1 }, { disruptedPods }),
      pods: pods(3),
      workloads,
      nowMs,
    });
    expect(decision.status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect(decision.status.disruptedPods).toEqual({ p0: disruptedPods.p0 });
    expect(decision.notDeleted.map(({ metadata }) => metadata.name)).toEqual(['p1']);
    expect(decision.recheckInMs).toBe(60_000);
  });

  it('[U1] tells in a condition whether pods may go, and since when', () => {
    const decide = (status?: object) =>
      decideBudget({ budget: budget({ minAvailable: 1 }, status), pods: pods(2), workloads, nowMs }).status;
    const allowed = {
      type: 'DisruptionAllowed',
      status: 'True',
      reason: 'SufficientPods',
      message: '',
      observedGeneration: 2,
    };
    expect(decide().conditions).toEqual([{ ...allowed, lastTransitionTime: '2026-01-01T01:00:00Z' }]);
    const earlier = { ...allowed, lastTransitionTime: '2025-12-31T00:00:00Z' };
    expect(decide({ conditions: [earlier] }).conditions).toEqual([earlier]);
  });

  it('[U1] allows nothing while it cannot be worked out', () => {
    const status = failedStatus(budget({}, { disruptionsAllowed: 3, currentHealthy: 4 }), 'no such thing', nowMs);
    expect(status).toMatchObject({
      disruptionsAllowed: 0,
      currentHealthy: 4,
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no such thing' }],
    });
  });
});
