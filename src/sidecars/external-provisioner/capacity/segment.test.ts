import { describe, expect, it } from 'vitest';
import type { LabelSelector, NodeSelectorTerm } from '../../../api/index.ts';
import { segmentOfTerm, segmentText, selectorOf, selectorText } from './segment.ts';

const isIn = (key: string, ...values: string[]) => ({ key, operator: 'In', values });

describe('the segment of a term of a volume’s node affinity', () => {
  it.each<[string, NodeSelectorTerm, Readonly<Record<string, string>> | undefined]>([
    ['fields of the node', { matchFields: [isIn('metadata.name', 'worker-1')] }, undefined],
    ['another operator', { matchExpressions: [{ key: 'segment', operator: 'NotIn', values: ['a'] }] }, undefined],
    ['two values', { matchExpressions: [isIn('segment', 'a', 'b')] }, undefined],
    ['no value', { matchExpressions: [isIn('segment')] }, undefined],
    ['one label', { matchExpressions: [isIn('segment', 'a')] }, { segment: 'a' }],
    ['two labels', { matchExpressions: [isIn('segment', 'a'), isIn('zone', 'X')] }, { segment: 'a', zone: 'X' }],
    [
      'two labels, the other way round',
      { matchExpressions: [isIn('zone', 'X'), isIn('segment', 'a')] },
      { segment: 'a', zone: 'X' },
    ],
    ['nothing', {}, {}],
  ])('[O14] with %s', (_title, term, expected) => {
    expect(segmentOfTerm(term)).toEqual(expected);
  });
});

describe('the topology of an object', () => {
  it('[O14] is that of its segment in whatever order', () => {
    const segment = { zone: 'X', rack: '1' };
    expect(JSON.stringify(selectorOf(segment))).toBe('{"matchLabels":{"rack":"1","zone":"X"}}');
    expect(selectorText(selectorOf(segment))).toBe(segmentText({ rack: '1', zone: 'X' }));
  });

  it('[O14] is every node without labels', () => {
    expect(selectorOf({})).toEqual({});
    expect(selectorText({})).toBe(segmentText({}));
    expect(selectorText({ matchLabels: {} })).toBe(segmentText({}));
  });

  it.each<[string, LabelSelector | undefined]>([
    ['none', undefined],
    ['one that chooses', { matchExpressions: [{ key: 'zone', operator: 'In', values: ['X'] }] }],
    ['one that chooses more', { matchLabels: { zone: 'X' }, matchExpressions: [{ key: 'rack', operator: 'Exists' }] }],
  ])('[O14] is no segment’s when it is %s', (_title, selector) => {
    expect([segmentText({}), segmentText({ zone: 'X' })]).not.toContain(selectorText(selector));
  });
});
