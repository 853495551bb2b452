import { describe, expect, it } from 'vitest';
import type { Labels, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../../api/index.ts';
import { CycleState } from '../framework/cycle-state.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { snapshotOf } from './testing/cluster.ts';
import { changeHelps } from './testing/hints.ts';
import { judge, nodeInfoOf, scoresOf } from './testing/judge.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

const refused = "unresolvable: node(s) didn't match Pod's node affinity/selector";
const is = (key: string, operator: string, ...values: string[]): NodeSelectorRequirement => ({ key, operator, values });
const labels = (...matchExpressions: NodeSelectorRequirement[]): NodeSelectorTerm => ({ matchExpressions });
const fields = (...matchFields: NodeSelectorRequirement[]): NodeSelectorTerm => ({ matchFields });
const named = (...names: string[]) => fields(is('metadata.name', 'In', ...names));

function requiring(nodeSelectorTerms: readonly NodeSelectorTerm[], nodeSelector?: Labels): Pod {
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return makePod({ spec: { affinity: { nodeAffinity: required }, ...(nodeSelector ? { nodeSelector } : {}) } });
}

function preferring(...terms: readonly (readonly [number, NodeSelectorTerm])[]): Pod {
  const preferredDuringSchedulingIgnoredDuringExecution = terms.map(([weight, preference]) => ({ weight, preference }));
  return makePod({ spec: { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } } } });
}

describe('NodeAffinity', () => {
  it.each<[string, Pod, Labels, string]>([
    ['no selector', makePod(), {}, 'skip'],
    ['only a preference', preferring([1, labels(is('a', 'Exists'))]), {}, 'skip'],
    ['a selector that is missing', makePod({ spec: { nodeSelector: { foo: 'bar' } } }), {}, refused],
    ['a selector that holds', makePod({ spec: { nodeSelector: { foo: 'bar' } } }), { foo: 'bar', baz: 'x' }, 'fits'],
    [
      'a selector of two of which one holds',
      makePod({ spec: { nodeSelector: { foo: 'bar', baz: 'x' } } }),
      { foo: 'bar' },
      refused,
    ],
    ['In', requiring([labels(is('foo', 'In', 'bar', 'value2'))]), { foo: 'bar' }, 'fits'],
    ['In with no value that fits', requiring([labels(is('foo', 'In', 'value1'))]), { foo: 'bar' }, refused],
    ['Gt', requiring([labels(is('cores', 'Gt', '4'))]), { cores: '6' }, 'fits'],
    ['Gt of the same', requiring([labels(is('cores', 'Gt', '6'))]), { cores: '6' }, refused],
    ['Lt', requiring([labels(is('cores', 'Lt', '8'))]), { cores: '6' }, 'fits'],
    ['Gt of no number', requiring([labels(is('cores', 'Gt', '4'))]), { cores: 'many' }, refused],
    ['NotIn', requiring([labels(is('mem', 'NotIn', '600', '700'))]), { foo: 'bar' }, 'fits'],
    ['NotIn with the value', requiring([labels(is('mem', 'NotIn', '600'))]), { mem: '600' }, refused],
    ['Exists', requiring([labels(is('gpu', 'Exists'))]), { gpu: 'NVIDIA' }, 'fits'],
    ['Exists of what does not', requiring([labels(is('gpu', 'Exists'))]), {}, refused],
    ['DoesNotExist', requiring([labels(is('gpu', 'DoesNotExist'))]), {}, 'fits'],
    ['no terms at all', requiring([]), { foo: 'bar' }, refused],
    ['an empty term', requiring([{}]), { foo: 'bar' }, refused],
    ['an empty term beside one that holds', requiring([{}, labels(is('foo', 'In', 'bar'))]), { foo: 'bar' }, 'fits'],
    [
      'two expressions of which one fails',
      requiring([labels(is('gpu', 'Exists'), is('gpu', 'NotIn', 'A'))]),
      { gpu: 'A' },
      refused,
    ],
    [
      'two terms of which one holds',
      requiring([labels(is('foo', 'In', 'x')), labels(is('diff', 'Exists'))]),
      { diff: 'y' },
      'fits',
    ],
    ['both a selector and affinity', requiring([labels(is('foo', 'Exists'))], { foo: 'bar' }), { foo: 'bar' }, 'fits'],
    [
      'affinity that holds and a selector that does not',
      requiring([labels(is('foo', 'Exists'))], { foo: 'x' }),
      { foo: 'bar' },
      refused,
    ],
    ['an operator that does not exist', requiring([labels(is('foo', 'Near', 'bar'))]), { foo: 'bar' }, refused],
    ['the name of the node', requiring([named('n1')]), {}, 'fits'],
    ['another name', requiring([named('n2')]), {}, refused],
    [
      'two fields that contradict',
      requiring([fields(is('metadata.name', 'In', 'n1'), is('metadata.name', 'NotIn', 'n1'))]),
      {},
      refused,
    ],
    [
      'the name in one term, a label in the other',
      requiring([named('n2'), labels(is('foo', 'Exists'))]),
      { foo: 'x' },
      'fits',
    ],
    ['the name and a label in one term', requiring([{ ...named('n1'), ...labels(is('foo', 'Exists')) }]), {}, refused],
    [
      'terms that leave no name',
      requiring([fields(is('metadata.name', 'In', 'n1'), is('metadata.name', 'In', 'n2'))]),
      {},
      'unresolvable: pod affinity terms conflict',
    ],
  ])('[H1] %s', (_what, pod, nodeLabels, answer) => {
    expect(judge(nodeAffinity, pod, nodeInfoOf(makeNode('n1', nodeLabels)))).toBe(answer);
  });

  it.each<[string, readonly NodeSelectorTerm[], readonly string[] | undefined]>([
    ['the one node named', [named('n1')], ['n1']],
    ['all nodes named', [named('n1'), named('n2', 'n3')], ['n1', 'n2', 'n3']],
    [
      'what two requirements share',
      [fields(is('metadata.name', 'In', 'n1', 'n2'), is('metadata.name', 'In', 'n2'))],
      ['n2'],
    ],
    ['every node when one term names none', [named('n1'), labels(is('a', 'Exists'))], undefined],
    ['every node when the name is excluded', [fields(is('metadata.name', 'NotIn', 'n1'))], undefined],
    [
      'the terms that do not contradict themselves',
      [fields(is('metadata.name', 'In', 'a'), is('metadata.name', 'In', 'b')), named('n1')],
      ['n1'],
    ],
  ])('looks only at %s', (_what, terms, names) => {
    const result = nodeAffinity.preFilter?.(new CycleState(), requiring(terms), snapshotOf({ nodes: {} }));
    expect(result?.nodeNames && [...result.nodeNames].sort()).toEqual(names);
  });

  const nodes = [{ foo: 'bar' }, { zone: 'a' }, { foo: 'bar', zone: 'a' }, {}];
  it.each<[string, Pod, readonly number[] | 'skip']>([
    ['nothing', makePod(), 'skip'],
    ['one label', preferring([2, labels(is('foo', 'In', 'bar'))]), [100, 0, 100, 0]],
    [
      'two labels by weight',
      preferring([2, labels(is('foo', 'Exists'))], [5, labels(is('zone', 'Exists'))]),
      [28, 71, 100, 0],
    ],
    ['what no node has', preferring([1, labels(is('gpu', 'Exists'))]), [0, 0, 0, 0]],
    ['an empty term', preferring([5, {}]), [0, 0, 0, 0]],
    [
      'a term that weighs nothing',
      preferring([0, labels(is('foo', 'Exists'))], [1, labels(is('zone', 'Exists'))]),
      [0, 100, 100, 0],
    ],
  ])('prefers %s', (_what, pod, expected) => {
    const infos = nodes.map((nodeLabels, i) => nodeInfoOf(makeNode(`n${i}`, nodeLabels)));
    expect(scoresOf(nodeAffinity, pod, infos)).toEqual(expected);
  });

  const pod = makePod({ spec: { nodeSelector: { foo: 'bar' } } });
  const [fitting, other] = [makeNode('n1', { foo: 'bar' }), makeNode('n1', { foo: 'x' })];
  it.each<[string, Parameters<typeof changeHelps>[1], object, object, boolean]>([
    ['a new node that is selected', 'NodeAdd', {}, fitting, true],
    ['a new node that is not', 'NodeAdd', {}, other, false],
    ['a label that came', 'UpdateNodeLabel', other, fitting, true],
    ['a label that went', 'UpdateNodeLabel', fitting, other, false],
    ['a label that was there before', 'UpdateNodeLabel', fitting, fitting, false],
    ['the taints of a node', 'UpdateNodeTaint', other, fitting, false],
  ])('[H10] hears of %s', (_what, event, previous, current, helps) => {
    expect(changeHelps(nodeAffinity, event, pod, previous, current)).toBe(helps);
  });
});

describe('NodeName', () => {
  it.each<[string, string | undefined, string]>([
    ['no name', undefined, 'fits'],
    ['this node', 'n1', 'fits'],
    ['another node', 'n2', "unresolvable: node(s) didn't match the requested node name"],
  ])('[H1] %s', (_what, wanted, answer) => {
    expect(judge(nodeName, makePod({}, wanted), nodeInfoOf(makeNode('n1')))).toBe(answer);
  });
});
