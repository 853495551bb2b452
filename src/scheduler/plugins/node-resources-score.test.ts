import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { fitScoredBy, type ScoringStrategy } from './node-resources-score.ts';
import { nodeInfoOf, scoresOf } from './testing/judge.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

type Amounts = Readonly<Record<string, string>>;

const asks = (requests: Amounts): Pod => makePod({ spec: { containers: [{ name: 'c', resources: { requests } }] } });
const node = (allocatable: Amounts, ...pods: Pod[]) =>
  nodeInfoOf({ ...makeNode('n'), status: { allocatable: { pods: '9', ...allocatable } } }, pods);
const by = (type: ScoringStrategy['type'], weights: Readonly<Record<string, number>>): ScoringStrategy => ({
  type,
  resources: Object.entries(weights).map(([name, weight]) => ({ name, weight })),
});
const even = { cpu: 1, memory: 1 };
const size = { cpu: '10', memory: '1000Mi' };
const small = asks({ cpu: '1', memory: '200Mi' });
const gpu = 'example.com/gpu';

describe('how much of a node is taken decides', () => {
  it.each<[string, ScoringStrategy, Pod, readonly ReturnType<typeof node>[], readonly number[]]>([
    ['the emptier node', by('LeastAllocated', even), small, [node(size), node(size, small)], [85, 70]],
    ['the fuller node', by('MostAllocated', even), small, [node(size), node(size, small)], [15, 30]],
    ['by weight', by('LeastAllocated', { cpu: 3, memory: 1 }), small, [node(size)], [87]],
    ['by one resource', by('MostAllocated', { memory: 5 }), small, [node(size)], [20]],
    ['without what the node lacks', by('MostAllocated', even), small, [node({ cpu: '10' })], [10]],
    ['nothing where all is lacking', by('LeastAllocated', even), small, [node({})], [0]],
    ['a full node as full', by('MostAllocated', even), asks({ cpu: '50', memory: '900Gi' }), [node(size)], [100]],
    ['nothing of a full node', by('LeastAllocated', even), asks({ cpu: '50', memory: '900Gi' }), [node(size)], [0]],
    [
      'an extended resource that the pod asks for',
      by('MostAllocated', { [gpu]: 1 }),
      asks({ [gpu]: '1' }),
      [node({ [gpu]: '4' }), node({ [gpu]: '4' }, asks({ [gpu]: '2' }))],
      [25, 75],
    ],
    ['no extended resource otherwise', by('MostAllocated', { [gpu]: 1 }), small, [node({ [gpu]: '4' })], [0]],
    [
      'local storage',
      by('LeastAllocated', { 'ephemeral-storage': 1 }),
      asks({ 'ephemeral-storage': '1Gi' }),
      [node({ 'ephemeral-storage': '4Gi' })],
      [75],
    ],
  ])('%s', (_what, strategy, pod, nodes, expected) => {
    expect(scoresOf(fitScoredBy(strategy), pod, [...nodes])).toEqual(expected);
  });
});
