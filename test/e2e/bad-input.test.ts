import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { golden, goldenNames } from './support/golden.ts';
import { run, Stowage } from './support/stowage.ts';

describe('bad input', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--no-default-drivers'] });
    await stowage.ok('create namespace golden');
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const everything = async () =>
    stowage.ok(
      'get pods,pvc,pv,sc -A -o jsonpath={range.items[*]}{.kind}/{.metadata.name}:{.metadata.resourceVersion},{end}',
    );

  it.each(goldenNames('bad-'))(
    '[A9][A11][A14][Y8] answers %s as Kubernetes does, and changes nothing',
    async (name) => {
      const { input, output, exitCode } = golden(name);
      const file = join(stowage.directory, 'bad.yaml');
      writeFileSync(file, input ?? '');
      const before = await everything();
      const answer = await stowage.kubectl(['apply', '-f', file]);
      const printed = (answer.stderr + answer.stdout).replaceAll(file, 'bad.yaml').trimEnd();
      expect(printed).toBe(output);
      expect(answer.code).toBe(exitCode);
      expect(await everything()).toBe(before);
    },
  );

  it.each(['get-missing', 'get-unknown-kind', 'delete-missing'])('answers %s as Kubernetes does', async (name) => {
    const { args, output, exitCode } = golden(name);
    const answer = await stowage.kubectl(args);
    expect((answer.stderr + answer.stdout).trimEnd()).toBe(output);
    expect(answer.code).toBe(exitCode);
  });

  it.each([
    [['up', '--nodes', 'many'], '--nodes'],
    [['up', '--listen', 'nowhere'], '--listen'],
    [['up', '--runtime', 'docker'], '--runtime'],
    [['up', '--data-dir', `/tmp/${'x'.repeat(120)}`], '--data-dir'],
    [['up', '--data-dir', '/proc/stowage'], '--data-dir'],
    [['up', '--driver-arg=--no-such-flag'], '--driver-arg'],
    [['up', '--no-such-flag'], '--no-such-flag'],
  ])('[rel-X45] refuses %j with status 2 and one line that names the flag', async (args, flag) => {
    const entry = join(import.meta.dirname, '..', '..', 'src', 'cmd', 'main.ts');
    const answer = await run(process.execPath, [entry, ...args]);
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain(flag);
    expect(answer.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
