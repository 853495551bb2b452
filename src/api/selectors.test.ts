import { describe, expect, it } from 'vitest';
import * as resources from './resources.ts';
import { selectableFields, unsupportedFieldMessage } from './selectable-fields.ts';
import { labelSelectorMatcher, nodeSelectorMatches, parseFieldSelector, parseLabelSelector } from './selectors.ts';

describe('label selectors', () => {
  it.each([
    ['', { a: 'b' }, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    ['a!=b', {}, true],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['! a', {}, true],
    ['a in (b, c)', { a: 'c' }, true],
    ['a notin (b,c)', { a: 'c' }, false],
    ['a notin (b,c)', {}, true],
    ['a=b,c=d', { a: 'b', c: 'd' }, true],
    ['a=b,c=d', { a: 'b' }, false],
    ['a>5', { a: '10' }, true],
    ['a<5', { a: '10' }, false],
    ['a>5', { a: 'x' }, false],
    ['a=', { a: '' }, true],
    ['a in (,b)', { a: '' }, true],
    ['in=b', { in: 'b' }, true],
    ['example.com/app=web', { 'example.com/app': 'web' }, true],
  ])('[rel-X14] %j of %j is %s', (text, labels, matches) => {
    expect(parseLabelSelector(text).matches(labels as Record<string, string>)).toBe(matches);
  });

  it.each([
    ['a=b,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    [
      'a in ()',
      "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      'a>b',
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])('[rel-X14] refuses %j', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });

  it('[rel-X14] refuses keys and values that no label can have', () => {
    expect(() => parseLabelSelector(`${'k'.repeat(64)}=b`)).toThrow('name part must be no more than 63 bytes');
    expect(() => parseLabelSelector('a=b/c')).toThrow('values[0][a]: Invalid value: "b/c": a valid label must be');
  });

  it('[rel-X14] takes long selectors without ado', () => {
    const text = Array.from({ length: 1000 }, (_, index) => `k${index}=v`).join(',');
    expect(parseLabelSelector(text).requirements).toHaveLength(1000);
    expect(() => parseLabelSelector('('.repeat(100_000))).toThrow("found '('");
  });

  it('match objects: none nothing, an empty one everything', () => {
    expect(labelSelectorMatcher(undefined).matches({})).toBe(false);
    expect(labelSelectorMatcher({}).matches({})).toBe(true);
    const selector = labelSelectorMatcher({
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'NotIn', values: ['d'] },
        { key: 'e', operator: 'Exists' },
        { key: 'f', operator: 'DoesNotExist' },
      ],
    });
    expect(selector.matches({ a: 'b', e: '' })).toBe(true);
    expect(selector.matches({ a: 'b', e: '', f: '' })).toBe(false);
    expect(selector.matches({ a: 'b', c: 'd', e: '' })).toBe(false);
    const odd = { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] };
    expect(() => labelSelectorMatcher(odd)).toThrow('"Like" is not a valid label selector operator');
  });

  it('[rel-X4] do not see what objects inherit', () => {
    expect(parseLabelSelector('constructor').matches({})).toBe(false);
  });
});

describe('field selectors', () => {
  it('[A21] parse equalities and match values', () => {
    const { terms, matches } = parseFieldSelector('spec.nodeName=n1,status.phase!=Failed');
    expect(terms).toEqual([
      { field: 'spec.nodeName', negated: false, value: 'n1' },
      { field: 'status.phase', negated: true, value: 'Failed' },
    ]);
    expect(matches({ 'spec.nodeName': 'n1', 'status.phase': 'Running' })).toBe(true);
    expect(matches({ 'spec.nodeName': 'n1', 'status.phase': 'Failed' })).toBe(false);
    expect(parseFieldSelector('').matches({})).toBe(true);
    expect(parseFieldSelector('spec.nodeName=').matches({ 'spec.nodeName': '' })).toBe(true);
  });

  it('[A21] understand escapes', () => {
    expect(parseFieldSelector('a=x\\,y\\=z').terms).toEqual([{ field: 'a', negated: false, value: 'x,y=z' }]);
    expect(() => parseFieldSelector('a=\\n')).toThrow('invalid escape sequence: \\n');
  });

  it('[A21] refuse what they cannot understand', () => {
    expect(() => parseFieldSelector('foo')).toThrow("invalid selector: 'foo'; can't understand 'foo'");
    expect(unsupportedFieldMessage(resources.pods, 'spec.foo')).toBe('field label not supported: spec.foo');
    expect(unsupportedFieldMessage(resources.persistentVolumes, 'spec.foo')).toBe(
      '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
  });

  it('[A21] know the fields of pods, events and volumes', () => {
    const metadata = { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'n1' }, status: { phase: 'Running' } };
    expect(selectableFields(resources.pods, pod)).toMatchObject({
      'metadata.name': 'x',
      'metadata.namespace': 'n',
      'spec.nodeName': 'n1',
      'status.phase': 'Running',
    });
    const event = { apiVersion: 'v1', kind: 'Event', metadata, involvedObject: { name: 'p', uid: 'q' }, reason: 'R' };
    expect(selectableFields(resources.coreEvents, event)).toMatchObject({
      'involvedObject.name': 'p',
      'involvedObject.uid': 'q',
      reason: 'R',
    });
    expect(selectableFields(resources.persistentVolumes, { ...pod, kind: 'PersistentVolume' })).toEqual({
      'metadata.name': 'x',
    });
  });
});

describe('node selectors', () => {
  const node = { metadata: { name: 'n1', labels: { zone: 'a', cores: '8' } } };
  const one = (key: string, operator: string, values?: readonly string[]) => ({
    nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }],
  });

  it.each([
    [one('zone', 'In', ['a', 'b']), true],
    [one('zone', 'NotIn', ['a']), false],
    [one('rack', 'NotIn', ['a']), true],
    [one('rack', 'Exists'), false],
    [one('rack', 'DoesNotExist'), true],
    [one('cores', 'Gt', ['4']), true],
    [one('cores', 'Lt', ['4']), false],
    [one('zone', 'Gt', ['4']), false],
    [{ nodeSelectorTerms: [{}] }, false],
    [{ nodeSelectorTerms: [] }, false],
    [{ nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }] }, true],
    [{ nodeSelectorTerms: [{}, ...one('zone', 'In', ['a']).nodeSelectorTerms] }, true],
  ])('[H2] %j is %s', (selector, matches) => {
    expect(nodeSelectorMatches(selector, node)).toBe(matches);
  });
});
