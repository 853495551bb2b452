import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { parseBool, parseDuration, parseInteger, parseList, parseNumber } from './values.ts';

describe('values of flags', () => {
  it.each([
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['300ms', 300],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['0', 0],
    ['-2s', -2_000],
    ['1h0m1s', 3_601_000],
    ['250us', 0.25],
  ])('reads the duration %s as Go does', (text, expected) => {
    expect(parseDuration(text)).toBeCloseTo(expected);
  });

  it.each(['', '15', 's', '15 s', '1d', 'abc', '1s2'])('refuses "%s" as a duration', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  });

  it.each([
    ['true', true],
    ['T', true],
    ['1', true],
    ['False', false],
    ['0', false],
  ])('reads %s as a truth value', (text, expected) => {
    expect(parseBool(text)).toBe(expected);
  });

  it.each([
    ['yes', parseBool],
    ['1.5', parseInteger],
    ['', parseInteger],
    ['12abc', parseInteger],
    ['', parseNumber],
    ['NaN', parseNumber],
  ])('refuses "%s"', (text, parse: (text: string) => unknown) => {
    expect(() => parse(text)).toThrow(UsageError);
  });

  it('reads lists', () => {
    expect(parseList('*, -a,b')).toEqual(['*', '-a', 'b']);
    expect(parseList('')).toEqual([]);
  });
});
