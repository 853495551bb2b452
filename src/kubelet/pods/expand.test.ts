import { describe, expect, it } from 'vitest';
import { expand, expandStrictly } from './expand.ts';

const values: Record<string, string> = { A: 'one', B: '$(A)' };
const lookup = (name: string) => values[name];

describe('expand', () => {
  it.each([
    ['$(A)', 'one'],
    ['x$(A)y$(A)', 'xoneyone'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$(MISSING)', '$(MISSING)'],
    ['$A ${A} $(A', '$A ${A} $(A'],
    ['$(B)', '$(A)'],
    ['$', '$'],
    ['', ''],
  ])('turns %s into %s', (text, expected) => {
    expect(expand(text, lookup)).toBe(expected);
  });
});

describe('expandStrictly', () => {
  it('[J2] refuses a name that is not known', () => {
    expect(expandStrictly('logs/$(A)', lookup)).toBe('logs/one');
    expect(() => expandStrictly('logs/$(MISSING)', lookup)).toThrow('missing value for "MISSING"');
  });
});
