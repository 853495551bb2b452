import { describe, expect, it } from 'vitest';
import { checkDriverArgs } from './hostpath-process.ts';

describe('checkDriverArgs', () => {
  it('lets through what the driver takes', () => {
    expect(() => checkDriverArgs([])).not.toThrow();
    expect(() => checkDriverArgs(['--delay=0-50', '--attach-limit', '3'])).not.toThrow();
  });

  it.each([
    [['--no-such-flag'], "--driver-arg: unknown option '--no-such-flag'"],
    [['--delay=long'], '--driver-arg: --delay: '],
    [['stray'], '--driver-arg: '],
  ])('[rel-X45] refuses %j before the driver is started', (args, message) => {
    expect(() => checkDriverArgs(args)).toThrow(message);
  });
});
