import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeInfoOf, scoresOf } from './testing/judge.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

type Amounts = Readonly<Record<string, string>>;

const asks = (cpu: string, memory: string): Pod =>
  makePod({ spec: { containers: [{ name: 'c', resources: { requests: { cpu, memory } } }] } });
const machine = (allocatable: Amounts, ...pods: Pod[]) =>
  nodeInfoOf({ ...makeNode('n'), status: { allocatable } }, pods);
const size = { cpu: '10', memory: '10000', pods: '9' };

describe('NodeResourcesBalancedAllocation', () => {
  it.each<[string, Pod, ReturnType<typeof machine>[], readonly number[] | 'skip']>([
    ['nothing for a pod that asks for nothing', asks('0', '0'), [machine(size)], 'skip'],
    ['no change of the balance in the middle of the upper half', asks('1', '1000'), [machine(size)], [75]],
    [
      'a node that becomes uneven lower than one that stays even',
      asks('4', '0'),
      [machine(size), machine(size, asks('0', '4000'))],
      [65, 85],
    ],
    [
      'more evenness higher',
      asks('0', '2000'),
      [machine(size, asks('2', '0')), machine(size, asks('0', '2000'))],
      [80, 70],
    ],
    ['a share above all as all', asks('20', '10000'), [machine(size)], [75]],
    ['nothing on a node without memory', asks('4', '0'), [machine({ cpu: '4', pods: '1' })], [75]],
  ])('scores %s', (_what, pod, nodes, expected) => {
    expect(scoresOf(nodeResourcesBalancedAllocation, pod, nodes)).toEqual(expected);
  });
});
