import { expect, test } from 'vitest';
import { Code } from '../../csi/index.ts';
import { availableBytes, chooseKind, largestBytes } from './capacity.ts';

const untracked = { capacity: new Map<string, bigint>(), maxVolumeSizeBytes: 100n };
const tracked = {
  capacity: new Map([
    ['fast', 50n],
    ['slow', 500n],
  ]),
  maxVolumeSizeBytes: 100n,
};
const used = (kind: string) => (kind === 'fast' ? 45n : 0n);

test('[P9] offers the largest volume while capacity is not tracked', () => {
  expect(availableBytes(untracked, used, '')).toBe(100n);
  expect(chooseKind(untracked, used, '', 100n)).toBe('');
  expect(() => chooseKind(untracked, used, 'fast', 1n)).toThrow('capacity tracking disabled');
});

test('[P9] offers what a kind has left, and nothing of an unknown kind', () => {
  expect(availableBytes(tracked, used, 'fast')).toBe(5n);
  expect(availableBytes(tracked, () => 60n, 'fast')).toBe(0n);
  expect(availableBytes(tracked, used, '')).toBe(0n);
  expect(largestBytes(tracked, used, 'slow')).toBe(100n);
});

test('[P9] takes a kind with room when none is asked for', () => {
  expect(chooseKind(tracked, used, '', 5n)).toBe('fast');
  expect(chooseKind(tracked, used, '', 6n)).toBe('slow');
});

test('[P9] refuses what is too large or does not fit', () => {
  const code = (of: number) => expect.objectContaining({ code: of });
  expect(() => chooseKind(tracked, used, 'slow', 101n)).toThrow(code(Code.OUT_OF_RANGE));
  expect(() => chooseKind(tracked, used, 'fast', 6n)).toThrow(code(Code.RESOURCE_EXHAUSTED));
  expect(() => chooseKind(tracked, () => 490n, '', 60n)).toThrow(code(Code.RESOURCE_EXHAUSTED));
  expect(() => chooseKind(tracked, used, 'tape', 1n)).toThrow(code(Code.INVALID_ARGUMENT));
});
