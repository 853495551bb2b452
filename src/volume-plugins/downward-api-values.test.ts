import { describe, expect, it } from 'vitest';
import { goQuote } from '../base/index.ts';
import { fieldValue, formatMap, resourceValue } from './downward-api-values.ts';
import { podWith } from './testing/test-host.ts';

describe('Go quoting', () => {
  it.each([
    ['plain', '"plain"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['line\nbreak\ttab', '"line\\nbreak\\ttab"'],
    ['\u0001\u007f', '"\\x01\\x7f"'],
    ['größe 日本', '"größe 日本"'],
    ['\u200b', '"\\u200b"'],
    ['\u{e0001}', '"\\U000e0001"'],
  ])('[K5] of %j is %s', (text, expected) => {
    expect(goQuote(text)).toBe(expected);
  });
});

it('[K5] shows maps as sorted lines', () => {
  expect(formatMap({ b: '2', a: '1' })).toBe('a="1"\nb="2"');
  expect(formatMap(undefined)).toBe('');
});

it.each([
  ['metadata.name', 'p'],
  ['metadata.namespace', 'default'],
  ['metadata.uid', 'pod-uid'],
  ["metadata.labels['app']", 'web'],
  ["metadata.annotations['missing']", ''],
])('[K5] shows %s', (fieldPath, expected) => {
  expect(fieldValue(podWith([]), { fieldPath })).toBe(expected);
});

describe('a resource', () => {
  const resources = { limits: { memory: '100Mi', cpu: '1500m' }, requests: { 'ephemeral-storage': '1Gi' } };
  const pod = podWith([], { containers: [{ name: 'c', image: 'i', resources }] });
  const value = (resource: string, divisor?: string) =>
    resourceValue(pod, { containerName: 'c', resource, ...(divisor ? { divisor } : {}) }, { cpu: '4', memory: '1Gi' });

  it('[K5] is rounded up to units of the divisor', () => {
    expect(value('limits.cpu')).toBe('2');
    expect(value('limits.cpu', '1m')).toBe('1500');
    expect(value('limits.memory')).toBe('104857600');
    expect(value('limits.memory', '64Mi')).toBe('2');
    expect(value('requests.ephemeral-storage', '0')).toBe('1073741824');
    expect(value('requests.cpu')).toBe('0');
  });

  it('[K5] of a limit that is not set is what the node can give', () => {
    const bare = podWith([], { containers: [{ name: 'c', image: 'i' }] });
    expect(resourceValue(bare, { containerName: 'c', resource: 'limits.cpu' }, { cpu: '4' })).toBe('4');
  });

  it('[K5] of an unknown container or kind is refused', () => {
    expect(() => resourceValue(pod, { containerName: 'x', resource: 'limits.cpu' }, {})).toThrow(
      'container x not found',
    );
    expect(() => value('weight.cpu')).toThrow('unsupported container resource');
  });
});
