import { expect, it } from 'vitest';
import { highestSupportedVersion } from './supported-version.ts';

it.each([
  [['1.0.0'], '1.0.0'],
  [['0.3.0', '1.0.0', '1.2.1'], '1.2.1'],
  [['v1.10.0', '1.9.9'], '1.10.0'],
  [['1.5', '2.0.0'], '1.5.0'],
])('[I23] takes the highest version of 1.x from %j', (versions, expected) => {
  const { major, minor, patch } = highestSupportedVersion(versions) ?? {};
  expect(`${major}.${minor}.${patch}`).toBe(expected);
});

it.each([[[]], [['0.3.0']], [['2.0.0']], [['latest']]])('[I23] takes none from %j', (versions) => {
  expect(highestSupportedVersion(versions)).toBeUndefined();
});
