import { describe, expect, it } from 'vitest';
import type { Taint, Toleration } from '../../api/index.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintToleration } from './taint-toleration.ts';
import { changeHelps } from './testing/hints.ts';
import { judge, nodeInfoOf, scoresOf } from './testing/judge.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

const refused = 'unresolvable: node(s) had untolerated taint(s)';
const taint = (key: string, value: string, effect: string): Taint => ({ key, value, effect });
const tolerating = (...tolerations: Toleration[]) => makePod({ spec: { tolerations } });
const tainted = (...taints: Taint[]) => makeNode('n1', undefined, { taints });
const dedicated = taint('dedicated', 'user1', 'NoSchedule');

describe('TaintToleration', () => {
  it.each<[string, readonly Toleration[], readonly Taint[], string]>([
    ['no tolerations, no taints', [], [], 'fits'],
    ['no tolerations', [], [dedicated], refused],
    [
      'key and value, with Equal as the default',
      [{ key: 'dedicated', value: 'user1', effect: 'NoSchedule' }],
      [dedicated],
      'fits',
    ],
    [
      'another value',
      [{ key: 'dedicated', operator: 'Equal', value: 'user2', effect: 'NoSchedule' }],
      [dedicated],
      refused,
    ],
    ['another key', [{ key: 'other', operator: 'Exists' }], [dedicated], refused],
    ['Exists', [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }], [dedicated], 'fits'],
    ['Exists without a key', [{ operator: 'Exists' }], [dedicated, taint('other', 'x', 'NoExecute')], 'fits'],
    [
      'every effect',
      [{ key: 'dedicated', operator: 'Equal', value: 'user1' }],
      [taint('dedicated', 'user1', 'NoExecute')],
      'fits',
    ],
    [
      'another effect',
      [{ key: 'dedicated', operator: 'Equal', value: 'user1', effect: 'NoExecute' }],
      [dedicated],
      refused,
    ],
    [
      'one of two taints',
      [{ key: 'dedicated', operator: 'Exists' }],
      [dedicated, taint('foo', 'bar', 'NoSchedule')],
      refused,
    ],
    [
      'both taints',
      [
        { key: 'dedicated', operator: 'Exists' },
        { key: 'foo', operator: 'Exists' },
      ],
      [dedicated, taint('foo', 'bar', 'NoExecute')],
      'fits',
    ],
    ['a taint that only discourages', [], [taint('dedicated', 'user1', 'PreferNoSchedule')], 'fits'],
    ['a taint that evicts', [], [taint('dedicated', 'user1', 'NoExecute')], refused],
    ['an operator that does not exist', [{ key: 'dedicated', operator: 'Near', value: 'user1' }], [dedicated], refused],
    ['an empty value', [{ key: 'dedicated', operator: 'Equal' }], [{ key: 'dedicated', effect: 'NoSchedule' }], 'fits'],
  ])('[H1] %s', (_what, tolerations, taints, answer) => {
    expect(judge(taintToleration, tolerating(...tolerations), nodeInfoOf(tainted(...taints)))).toBe(answer);
  });

  const discouraging = (key: string) => taint(key, 'x', 'PreferNoSchedule');
  it.each<[string, readonly Toleration[], readonly (readonly Taint[])[], readonly number[] | 'skip']>([
    [
      'the node whose taint is tolerated',
      [{ key: 'a', operator: 'Exists', effect: 'PreferNoSchedule' }],
      [[discouraging('a')], [discouraging('b')]],
      [100, 0],
    ],
    [
      'all alike when all are tolerated',
      [{ operator: 'Exists' }],
      [[], [discouraging('a')], [discouraging('a'), discouraging('b')]],
      [100, 100, 100],
    ],
    ['by the number of taints', [], [[], [discouraging('a')], [discouraging('a'), discouraging('b')]], [100, 50, 0]],
    ['by discouraging taints alone', [], [[], [dedicated], [discouraging('a')]], [100, 100, 0]],
    [
      'no toleration of another effect',
      [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
      [[], [discouraging('a')]],
      [100, 0],
    ],
    ['nothing where nothing discourages', [], [[], [dedicated]], 'skip'],
  ])('prefers %s', (_what, tolerations, nodes, expected) => {
    const infos = nodes.map((taints) => nodeInfoOf(tainted(...taints)));
    expect(scoresOf(taintToleration, tolerating(...tolerations), infos)).toEqual(expected);
  });

  const pod = tolerating({ key: 'dedicated', operator: 'Exists' });
  const other = taint('other', 'x', 'NoSchedule');
  it.each<[string, Parameters<typeof changeHelps>[1], object, object, boolean]>([
    ['a new node whose taints are tolerated', 'NodeAdd', {}, tainted(dedicated), true],
    ['a new node whose taints are not', 'NodeAdd', {}, tainted(other), false],
    ['a taint that went', 'UpdateNodeTaint', tainted(other), tainted(), true],
    ['a taint that came', 'UpdateNodeTaint', tainted(), tainted(other), false],
    ['a taint that stays', 'UpdateNodeTaint', tainted(other), tainted(other, dedicated), false],
    ['a taint that never mattered', 'UpdateNodeTaint', tainted(dedicated), tainted(), false],
    ['the pod itself', 'PodUpdate', pod, pod, true],
    ['pods that left', 'AssignedPodDelete', pod, {}, false],
  ])('[H10] hears of %s', (_what, event, previous, current, helps) => {
    expect(changeHelps(taintToleration, event, pod, previous, current)).toBe(helps);
  });
});

describe('NodeUnschedulable', () => {
  const cordoned = makeNode('n1', undefined, { unschedulable: true });
  const open = makeNode('n1', undefined, { unschedulable: false });
  const key = 'node.kubernetes.io/unschedulable';
  it.each<[string, readonly Toleration[], typeof open, string]>([
    ['an open node', [], open, 'fits'],
    ['a cordoned node', [], cordoned, 'unresolvable: node(s) were unschedulable'],
    ['a cordoned node that is tolerated', [{ key, operator: 'Exists', effect: 'NoSchedule' }], cordoned, 'fits'],
    ['a cordoned node where everything is tolerated', [{ operator: 'Exists' }], cordoned, 'fits'],
    [
      'a toleration of another effect',
      [{ key, operator: 'Exists', effect: 'NoExecute' }],
      cordoned,
      'unresolvable: node(s) were unschedulable',
    ],
  ])('[H1] %s', (_what, tolerations, node, answer) => {
    expect(judge(nodeUnschedulable, tolerating(...tolerations), nodeInfoOf(node))).toBe(answer);
  });

  it.each<[string, object, object, boolean]>([
    ['a new open node', {}, open, true],
    ['a new cordoned node', {}, cordoned, false],
    ['a node that was uncordoned', cordoned, open, true],
    ['a node that was cordoned', open, cordoned, false],
    ['a node that was open before', open, open, false],
  ])('[H10] hears of %s', (_what, previous, current, helps) => {
    const event = 'metadata' in previous ? 'UpdateNodeTaint' : 'NodeAdd';
    expect(changeHelps(nodeUnschedulable, event, tolerating(), previous, current)).toBe(helps);
  });
});
