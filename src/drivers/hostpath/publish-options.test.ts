import { expect, test } from 'vitest';
import { bindOptions } from './publish-options.ts';

test.each([
  [[], false, ['bind']],
  [['noexec', 'nosuid'], false, ['bind', 'noexec', 'nosuid']],
  [['rw'], true, ['bind', 'ro']],
  [['ro'], false, ['bind', 'ro']],
  [['hard', 'vers=4.1'], false, ['bind']],
])('takes the flags %j, read-only %s', (flags, readonly, options) => {
  expect(bindOptions(flags, readonly)).toEqual(options);
});

test.each([['-o'], ['nodev,suid'], ['x\ny'], [''], ['a b'], ['$(id)']])('[rel-S-FS19] refuses the flag %j', (flag) => {
  expect(() => bindOptions([flag], false)).toThrow('malformed');
});
