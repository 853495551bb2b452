/** Types, format and lint, and the rules of this code base. Runs all of them and says which failed. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');

const checks = [
  { name: 'types', command: join(bin, 'tsc'), args: ['-p', '.'] },
  { name: 'format and lint', command: join(bin, 'biome'), args: ['check', '--error-on-warnings', '.'] },
  { name: 'tidy', command: process.execPath, args: [join(root, 'scripts', 'tidy.ts')] },
];

const failed = checks.filter(({ command, args }) => {
  // The tools that are scripts start with `env node`, which must find the same Node.js.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', env }).status !== 0;
});
for (const { name } of checks) {
  const outcome = failed.some((check) => check.name === name) ? 'failed' : 'ok';
  process.stdout.write(`${name}: ${outcome}\n`);
}
process.exit(failed.length > 0 ? 1 : 0);
