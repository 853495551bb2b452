import { describe, expect, it } from 'vitest';
import type { Pod, PodDisruptionBudget } from '../../../api/index.ts';
import { Framework } from '../../framework/framework.ts';
import { Nominator } from '../../framework/nominator.ts';
import { CycleState, type Plugin } from '../../framework/plugin.ts';
import { unschedulable } from '../../framework/status.ts';
import { nodeResourcesFit } from '../node-resources-fit.ts';
import { taintToleration } from '../taint-toleration.ts';
import { nodeInfoOf } from '../testing/judge.ts';
import { makeNode, makePod } from '../testing/neighbours.ts';
import { pickCandidate } from './pick-candidate.ts';
import { type Candidate, selectVictims } from './select-victims.ts';

interface Given {
  readonly name?: string;
  readonly priority?: number;
  readonly cpu?: number;
  readonly memory?: number;
  /** Seconds after the first start. */
  readonly start?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

function pod({ name = 'p', priority, cpu = 0, memory = 0, start, labels }: Given): Pod {
  const requests = { cpu: String(cpu), memory: String(memory) };
  const made = makePod({
    ...(labels ? { labels } : {}),
    meta: { name },
    spec: { containers: [{ name: 'c', resources: { requests } }], ...(priority === undefined ? {} : { priority }) },
  });
  if (start === undefined) return made;
  return { ...made, status: { startTime: new Date(start * 1000).toISOString() } };
}

function budget(app: string, disruptionsAllowed: number, more: Partial<PodDisruptionBudget> = {}): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: app, namespace: 'default', uid: app, resourceVersion: '1', creationTimestamp: '' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    ...more,
  };
}

/** Fits when the node has no pod called `enemy`. */
const noEnemy: Plugin = {
  name: 'NoEnemy',
  filter: (_state, _pod, { pods }) => {
    const isThere = [...pods.values()].some((other) => other.pod.metadata.name === 'enemy');
    return isThere ? unschedulable('enemy') : { code: 'success' };
  },
};

function select(preemptor: Given, there: readonly Given[], budgets: readonly PodDisruptionBudget[] = []) {
  const runner = new Framework([taintToleration, nodeResourcesFit, noEnemy], new Nominator());
  const status = { allocatable: { cpu: '5', memory: '50', pods: '10' } };
  const node = nodeInfoOf({ ...makeNode('n1'), status }, there.map(pod));
  const before = [node.pods.size, node.requested.milliCpu];
  const selection = selectVictims({ runner, state: new CycleState(), pod: pod(preemptor), node, budgets });
  expect([node.pods.size, node.requested.milliCpu], 'the node itself is left alone').toEqual(before);
  if (selection.kind === 'refused') return 'reasons' in selection.status ? selection.status.reasons.join(', ') : 'fits';
  const { victims, budgetViolations } = selection.candidate;
  return `${victims.map(({ metadata }) => metadata.name).join(' ')} / ${budgetViolations}`;
}

const app = (name: string) => ({ labels: { app: name } });

describe('selectVictims', () => {
  it.each<[string, Given, readonly Given[], readonly PodDisruptionBudget[], string]>([
    ['nobody there', { priority: 9, cpu: 6 }, [], [], 'No preemption victims found for incoming pod'],
    [
      'only pods of the same priority',
      { priority: 9, cpu: 5 },
      [{ priority: 9, cpu: 5 }],
      [],
      'No preemption victims found for incoming pod',
    ],
    [
      'only more important pods',
      { priority: 1, cpu: 5 },
      [{ priority: 9, cpu: 5 }],
      [],
      'No preemption victims found for incoming pod',
    ],
    ['pods without a priority count as 0', { cpu: 5 }, [{ priority: -1, name: 'a', cpu: 5 }], [], 'a / 0'],
    ['the one that is in the way', { priority: 9, cpu: 5 }, [{ name: 'a', cpu: 1 }], [], 'a / 0'],
    ['too large even for the empty node', { priority: 9, cpu: 6 }, [{ name: 'a', cpu: 1 }], [], 'Insufficient cpu'],
    [
      'a more important pod leaves too little',
      { priority: 5, cpu: 3 },
      [
        { name: 'a', cpu: 2 },
        { priority: 9, name: 'b', cpu: 3 },
      ],
      [],
      'Insufficient cpu',
    ],
    [
      'the less important of two',
      { priority: 9, cpu: 2 },
      [
        { priority: 1, name: 'a', cpu: 3 },
        { priority: 2, name: 'b', cpu: 2 },
      ],
      [],
      'a / 0',
    ],
    [
      'the one that started last',
      { priority: 9, cpu: 2 },
      [
        { name: 'old', cpu: 2, start: 1 },
        { name: 'young', cpu: 2, start: 5 },
        { name: 'middle', cpu: 1, start: 3 },
      ],
      [],
      'young / 0',
    ],
    [
      'one that has not started before one that has',
      { priority: 9, cpu: 2 },
      [
        { name: 'waiting', cpu: 2 },
        { name: 'running', cpu: 3, start: 5 },
      ],
      [],
      'waiting / 0',
    ],
    [
      'as many as must go, and no more',
      { priority: 9, cpu: 3 },
      [
        { name: 'a', cpu: 1, start: 1 },
        { name: 'b', cpu: 1, start: 2 },
        { name: 'c', cpu: 1, start: 3 },
        { name: 'd', cpu: 2, start: 4 },
      ],
      [],
      'c d / 0',
    ],
    [
      'one given back that fits although a more important one does not',
      { priority: 9, cpu: 4 },
      [
        { priority: 3, name: 'large', cpu: 3 },
        { priority: 1, name: 'small', cpu: 1 },
      ],
      [],
      'large / 0',
    ],
    [
      'for memory',
      { priority: 9, memory: 40 },
      [
        { priority: 1, name: 'a', memory: 20 },
        { priority: 2, name: 'b', memory: 10 },
      ],
      [],
      'a / 0',
    ],
    [
      'the one another plugin refuses',
      { priority: 9, cpu: 1 },
      [
        { name: 'enemy', priority: 5 },
        { name: 'friend', priority: 1 },
      ],
      [],
      'enemy / 0',
    ],
    [
      'an enemy who is too important',
      { priority: 4, cpu: 1 },
      [
        { name: 'enemy', priority: 5 },
        { name: 'friend', priority: 1 },
      ],
      [],
      'enemy',
    ],
    [
      'all sorted by importance',
      { priority: 9, cpu: 5 },
      [
        { priority: 1, name: 'a', cpu: 1 },
        { priority: 3, name: 'b', cpu: 1 },
        { priority: 2, name: 'c', cpu: 1 },
      ],
      [],
      'b c a / 0',
    ],
    [
      'one without a budget rather than one with',
      { priority: 9, cpu: 3 },
      [
        { name: 'kept', cpu: 2, ...app('x') },
        { priority: 5, name: 'other', cpu: 3 },
      ],
      [budget('x', 0)],
      'other / 0',
    ],
    [
      'one whose budget allows it',
      { priority: 9, cpu: 3 },
      [
        { name: 'allowed', cpu: 3, ...app('x') },
        { priority: 5, name: 'other', cpu: 2 },
      ],
      [budget('x', 1)],
      'allowed / 0',
    ],
    [
      'one against its budget where nothing else helps',
      { priority: 9, cpu: 5 },
      [
        { name: 'a', cpu: 1, ...app('x') },
        { name: 'b', cpu: 1 },
      ],
      [budget('x', 0)],
      'a b / 1',
    ],
    [
      'two of a budget that allows one',
      { priority: 9, cpu: 5 },
      [
        { name: 'a', cpu: 1, start: 1, ...app('x') },
        { name: 'b', cpu: 1, start: 2, ...app('x') },
      ],
      [budget('x', 1)],
      'a b / 1',
    ],
    [
      'a budget of another namespace',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, ...app('x') }],
      [budget('x', 0, { metadata: { ...budget('x', 0).metadata, namespace: 'other' } })],
      'a / 0',
    ],
    [
      'a budget that selects nothing',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, ...app('x') }],
      [budget('x', 0, { spec: {} })],
      'a / 0',
    ],
    [
      'a budget with an empty selector',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, ...app('x') }],
      [budget('x', 0, { spec: { selector: {} } })],
      'a / 0',
    ],
    [
      'a budget that is not counted yet',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, ...app('x') }],
      [
        {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: budget('x', 0).metadata,
          spec: budget('x', 0).spec,
        },
      ],
      'a / 1',
    ],
    [
      'a pod whose removal the budget has counted',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, ...app('x') }],
      [
        budget('x', 0, {
          status: {
            disruptionsAllowed: 0,
            currentHealthy: 1,
            desiredHealthy: 1,
            expectedPods: 1,
            disruptedPods: { a: '' },
          },
        }),
      ],
      'a / 0',
    ],
    [
      'a pod without labels',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1 }],
      [budget('x', 0, { spec: { selector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } } })],
      'a / 0',
    ],
    [
      'a selector nobody understands',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, ...app('x') }],
      [budget('x', 0, { spec: { selector: { matchExpressions: [{ key: 'app', operator: 'Near' }] } } })],
      'a / 0',
    ],
    [
      'two budgets of which one is exhausted',
      { priority: 9, cpu: 5 },
      [{ name: 'a', cpu: 1, labels: { app: 'x', tier: 'y' } }],
      [budget('x', 1), budget('y', 0, { spec: { selector: { matchLabels: { tier: 'y' } } } })],
      'a / 1',
    ],
  ])('[U1] %s', (_what, preemptor, there, budgets, expected) => {
    expect(select(preemptor, there, budgets)).toBe(expected);
  });
});

function candidate(
  nodeName: string,
  budgetViolations: number,
  ...victims: readonly (readonly [number, number?])[]
): Candidate {
  return {
    nodeName,
    budgetViolations,
    victims: victims.map(([priority, start]) => pod({ priority, ...(start === undefined ? {} : { start }) })),
  };
}

describe('pickCandidate', () => {
  it.each<[string, readonly Candidate[], string | undefined]>([
    ['nothing of nothing', [], undefined],
    ['the only one', [candidate('a', 3, [9])], 'a'],
    ['the fewest violated budgets', [candidate('a', 2, [1]), candidate('b', 1, [9], [9])], 'b'],
    ['the lowest of the highest priorities', [candidate('a', 0, [9]), candidate('b', 0, [8], [8], [8])], 'b'],
    ['the smallest sum of priorities', [candidate('a', 0, [9], [5]), candidate('b', 0, [9], [4])], 'b'],
    ['the smallest sum where some are negative', [candidate('a', 0, [-5], [-5]), candidate('b', 0, [-5])], 'b'],
    [
      'fewer victims before smaller priorities of the rest',
      [candidate('a', 0, [9], [0], [0]), candidate('b', 0, [9], [8])],
      'b',
    ],
    ['the latest start of the most important', [candidate('a', 0, [9, 1]), candidate('b', 0, [9, 5])], 'b'],
    ['the latest of the earliest starts', [candidate('a', 0, [9, 1], [9, 9]), candidate('b', 0, [9, 3], [9, 4])], 'b'],
    [
      'no look at the starts of the less important',
      [candidate('a', 0, [9, 5], [1, 1]), candidate('b', 0, [9, 3], [1, 9])],
      'a',
    ],
    ['a victim that has not started before one that has', [candidate('a', 0, [9, 5]), candidate('b', 0, [9])], 'b'],
    ['the first of equals', [candidate('a', 0, [9, 1]), candidate('b', 0, [9, 1])], 'a'],
  ])('[U1] picks %s', (_what, candidates, expected) => {
    expect(pickCandidate(candidates)?.nodeName).toBe(expected);
  });
});
