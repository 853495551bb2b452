import { describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../api/index.ts';
import { testMeta } from '../common/test-objects.ts';
import {
  annotationsOfCurrent,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  sizeAnnotations,
} from './annotations.ts';
import { decideRollout } from './decide-rollout.ts';
import { maxSurgeOf, maxUnavailableOf } from './limits.ts';
import type { RolloutState } from './rollout-state.ts';

type Limit = number | string;

function testDeployment(replicas: number, surge: Limit = 0, unavailable: Limit = 0, spec = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: testMeta('web', { namespace: 'ns', generation: 1 }),
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {},
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
      ...spec,
    },
  };
}

interface TestSet {
  readonly replicas: number;
  readonly available?: number;
  /** Minutes after the others. */
  readonly age?: number;
  readonly annotations?: Record<string, string>;
}

function testSet(name: string, { replicas, available = replicas, age = 0, annotations = {} }: TestSet): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: testMeta(name, {
      namespace: 'ns',
      generation: 1,
      annotations,
      creationTimestamp: `2026-01-01T00:${10 + age}:00Z`,
    }),
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available, observedGeneration: 1 },
  };
}

function sizesAfter(state: Omit<RolloutState, 'oldPodsRun'> & { oldPodsRun?: boolean }): Record<string, number> {
  const steps = decideRollout({ oldPodsRun: false, ...state });
  return Object.fromEntries(
    steps.flatMap((step) => {
      if (step.kind === 'create') return [['created', step.replicas]];
      return [[step.set.metadata.name, step.kind === 'resize' ? step.replicas : -1]];
    }),
  );
}

describe('the limits of an update', () => {
  it.each([
    [10, '25%', '25%', 3, 2],
    [3, '25%', '25%', 1, 0],
    [1, '0%', '10%', 0, 1],
    [2, 0, 0, 0, 1],
    [2, 1, 5, 1, 2],
    [0, '50%', '50%', 0, 0],
  ] as const)(
    '[U1] of %i with surge %s and unavailable %s are %i and %i',
    (replicas, surge, unavailable, most, fewest) => {
      const deployment = testDeployment(replicas, surge, unavailable);
      expect([maxSurgeOf(deployment), maxUnavailableOf(deployment)]).toEqual([most, fewest]);
    },
  );
});

describe('the current set of a rolling update', () => {
  it.each([
    // wanted, surge, old, present, expected
    [10, 0, 10, 0, undefined],
    [10, 2, 10, 0, 2],
    [10, 2, 5, 0, 7],
    [10, 2, 10, 2, undefined],
    [10, 2, 2, 11, 10],
    [2, 2, 4, 0, undefined],
  ])('[U1] of %i with surge %i beside %i old pods goes from %i to %s', (wanted, surge, oldSize, present, expected) => {
    const current = testSet('new', { replicas: present, available: 0 });
    const old = [testSet('old', { replicas: oldSize, available: 0 })];
    const sizes = sizesAfter({ deployment: testDeployment(wanted, surge, 0), current, old });
    expect(sizes.new).toBe(expected);
  });

  it('[U1] is created at the size that the surge allows', () => {
    const old = [testSet('old', { replicas: 10 })];
    expect(sizesAfter({ deployment: testDeployment(10, 3), current: undefined, old })).toEqual({ created: 3 });
  });
});

describe('the old sets of a rolling update', () => {
  it.each([
    // wanted, unavailable, old size/available, new size/available, expected old size
    // Neither surge nor unavailable: one pod may be missing, or nothing would ever move.
    [10, 0, [10, 10], [0, 0], 9],
    [10, 2, [10, 10], [0, 0], 8],
    // Old pods that do not run go although none may be missing.
    [10, 2, [10, 8], [0, 0], 8],
    [10, 2, [10, 0], [0, 0], 8],
    // Available pods of the new set make room.
    [10, 2, [8, 8], [2, 2], 6],
    [10, 2, [8, 8], [2, 0], undefined],
    [10, 0, [5, 5], [6, 6], 4],
  ] as const)(
    '[U1] of %i with %i unavailable, old %j beside new %j go to %s',
    (wanted, unavailable, oldSizes, newSizes, expected) => {
      const old = [testSet('old', { replicas: oldSizes[0], available: oldSizes[1] })];
      const current = testSet('new', { replicas: newSizes[0], available: newSizes[1] });
      // The surge is used up: the current set cannot grow.
      const surge = oldSizes[0] + newSizes[0] - wanted;
      const sizes = sizesAfter({ deployment: testDeployment(wanted, surge, unavailable), current, old });
      expect(sizes.old).toBe(expected);
    },
  );

  it('[U1] shrink from the oldest on', () => {
    const old = [testSet('b', { replicas: 3, age: 2 }), testSet('a', { replicas: 3, age: 1 })];
    const current = testSet('new', { replicas: 4, age: 3 });
    expect(sizesAfter({ deployment: testDeployment(10, 0, 4), current, old })).toEqual({ a: 0, b: 2 });
  });
});

describe('a recreation', () => {
  const deployment = testDeployment(3, 0, 0, { strategy: { type: 'Recreate' } });
  it('[U1] empties the old sets, waits for their pods, then fills the new one', () => {
    const old = [testSet('old', { replicas: 3 })];
    const empty = [testSet('old', { replicas: 0 })];
    expect(sizesAfter({ deployment, current: undefined, old })).toEqual({ old: 0 });
    expect(sizesAfter({ deployment, current: undefined, old: empty, oldPodsRun: true })).toEqual({});
    expect(sizesAfter({ deployment, current: undefined, old: empty })).toEqual({ created: 3 });
    expect(sizesAfter({ deployment, current: testSet('new', { replicas: 0 }), old: empty })).toEqual({ new: 3 });
  });
});

describe('a change of the number in the middle of a rollout', () => {
  /** Sets as they were sized for the given number. */
  const sized = (name: string, replicas: number, age: number, before: Deployment) =>
    testSet(name, { replicas, age, annotations: sizeAnnotations(before) });
  it.each([
    // Upstream: sync_test.go TestScale. before, after, surge, new, old..., expected
    ['up, one old set', 10, 12, 0, 5, [5], { new: 6, old0: 6 }],
    ['down, one old set', 10, 6, 0, 5, [5], { new: 3, old0: 3 }],
    ['up, with a leftover for the newest', 10, 20, 0, 3, [4, 3], { new: 6, old0: 8, old1: 6 }],
    ['up, unevenly', 10, 11, 0, 4, [3, 3], { new: 5, old0: 3, old1: 3 }],
    ['down, to nothing', 10, 0, 0, 3, [3, 4], { new: 0, old0: 0, old1: 0 }],
    ['up, with a surge', 10, 20, 2, 6, [6], { new: 11, old0: 11 }],
    ['up, nothing to share with an empty set', 10, 20, 0, 8, [2, 0], { new: 16, old0: 4 }],
  ])('[U1] goes %s', (_title, from, to, surge, newSize, oldSizes, expected) => {
    const before = testDeployment(from, surge);
    const old = oldSizes.map((size, index) => sized(`old${index}`, size, index, before));
    const current = sized('new', newSize, 9, before);
    expect(sizesAfter({ deployment: testDeployment(to, surge), current, old })).toEqual(expected);
  });

  it('[U1] empties old sets when the current one has all that is wanted', () => {
    const deployment = testDeployment(5, 0, 0, { paused: true });
    const current = sized('new', 5, 9, deployment);
    const old = [sized('old', 2, 0, deployment)];
    expect(sizesAfter({ deployment, current, old })).toEqual({ old: 0 });
  });

  it('[U1] does not come back when the one set has the size already', () => {
    const annotations = { [desiredReplicasAnnotation]: '3', [maxReplicasAnnotation]: '3' };
    const current = testSet('new', { replicas: 5, annotations });
    expect(sizesAfter({ deployment: testDeployment(5), current, old: [] })).toEqual({ new: 5 });
  });
});

describe('the history of a rollout', () => {
  const complete = { updatedReplicas: 1, replicas: 1, availableReplicas: 1, observedGeneration: 1 };
  const old = ['1', '2', '3'].map((revision) =>
    testSet(`old${revision}`, { replicas: 0, annotations: { 'deployment.kubernetes.io/revision': revision } }),
  );
  it.each([
    [undefined, {}],
    [5, {}],
    [2, { old1: -1 }],
    [0, { old1: -1, old2: -1, old3: -1 }],
  ])('[U1] limited to %s forgets %j', (revisionHistoryLimit, expected) => {
    const limit = revisionHistoryLimit === undefined ? {} : { revisionHistoryLimit };
    const deployment = { ...testDeployment(1, 1, 0, limit), status: complete };
    const current = testSet('new', { replicas: 1, annotations: { 'deployment.kubernetes.io/revision': '4' } });
    expect(sizesAfter({ deployment, current, old })).toEqual(expected);
  });

  it('[U1] notes the revisions that a set was before, and not without end', () => {
    const deployment = testDeployment(1);
    let set = testSet('s', { replicas: 1 });
    for (let revision = 1; revision < 1500; revision += 2) {
      set = { ...set, metadata: { ...set.metadata, annotations: annotationsOfCurrent(deployment, set, revision) } };
    }
    const history = set.metadata.annotations?.['deployment.kubernetes.io/revision-history'] ?? '';
    expect(history.length).toBeLessThanOrEqual(2000);
    expect(history.split(',').at(-1)).toBe('1497');
  });
});
