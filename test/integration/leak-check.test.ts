import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ExecError, realClock, realExec } from '../../src/base/index.ts';

const root = join(import.meta.dirname, '..', '..');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const config = join(root, 'test', 'support', 'leaky', 'vitest.config.ts');

it('fails a test file that leaves a timer, server, worker, process or mount behind, and ends what it can', async () => {
  const args = [vitest, 'run', '--config', config, '--no-color'];
  const outcome = await realExec(realClock)
    .run(process.execPath, args, { timeoutMs: 30_000 })
    .catch((error: unknown) => error);
  const output = outcome instanceof ExecError ? outcome.stdout + outcome.stderr : 'it did not fail';
  expect(output).toContain('leaves behind:');
  expect(output.match(/^ {2}timer at .*leaky\.test\.ts/gm)).toHaveLength(1);
  expect(output).toMatch(/^ {2}server on /m);
  expect(output).toMatch(/^ {2}worker thread$/m);
  expect(output).toMatch(/^ {2}process \d+: sleep 77$/m);
  if (process.getuid?.() === 0) expect(output).toMatch(/^ {2}mount on .*left-/m);
  expect(output).toMatch(/Test Files +1 failed \| 1 passed/);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('left-');
}, 40_000);
