/**
 * Proves that the tests notice bugs: puts one mutant after the other into a copy of the sources and runs the tests that
 * must turn red. First the copy must be green as it is. Exits with 1 unless every mutant is caught.
 * Usage: npm run mutants [-- [--list] [--write-docs] [name ...]]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Exec, isAbort, messageOf, realClock, realExec } from '../../src/base/index.ts';
import { writeTable } from './docs-table.ts';
import { type Mutant, MutantError } from './mutant.ts';
import { mutants } from './mutants.ts';
import { runTests } from './run-tests.ts';
import { judge, type Verdict } from './verdict.ts';
import { Workspace } from './workspace.ts';

const root = join(import.meta.dirname, '..', '..');
const docsPath = join(root, 'docs', 'mutants.md');

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

function choose(names: readonly string[]): readonly Mutant[] {
  const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new MutantError(`no such mutant: ${unknown.join(', ')}; --list names all`);
  return names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name));
}

/** What runs has a process group of its own, which the terminal's interrupt does not reach: it is ended from here. */
function untilInterrupted(exec: Exec): Exec {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return { run: (command, args, options) => exec.run(command, args, { ...options, signal: stop.signal }) };
}

async function checkGreen(exec: Exec, directory: string, chosen: readonly Mutant[]): Promise<boolean> {
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))].sort();
  const outcomes = await runTests({ exec, directory, files });
  for (const { file, failedTests, problem } of outcomes) {
    if (problem !== undefined) print(`not green without a mutant: ${file}: ${problem}`);
    for (const test of failedTests) print(`not green without a mutant: ${file}: ${test}`);
  }
  return outcomes.every(({ failedTests, problem }) => failedTests.length === 0 && problem === undefined);
}

async function tryMutant(exec: Exec, workspace: Workspace, mutant: Mutant): Promise<Verdict> {
  const directory = workspace.path;
  try {
    return await workspace.mutated(mutant, async () =>
      judge(mutant, await runTests({ exec, directory, files: mutant.tests })),
    );
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    return { kind: 'broken', file: mutant.file, problem: messageOf(thrown) };
  }
}

function describe({ mutant, verdict }: Judged): string {
  const { name, breaks } = mutant;
  switch (verdict.kind) {
    case 'caught': {
      const [first] = verdict.by;
      const more = verdict.by.length > 1 ? ` (and ${verdict.by.length - 1} more)` : '';
      return `caught    ${name}: ${first?.test}${more}`;
    }
    case 'survived':
      return `SURVIVED  ${name}: green: ${verdict.greenFiles.join(', ')}`;
    case 'uncited':
      return `UNCITED   ${name}: no red test cites ${breaks.join(' or ')}: ${verdict.redTests.join('; ')}`;
    case 'broken':
      return `BROKEN    ${name}: ${verdict.file}: ${verdict.problem}`;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'boolean' }, 'write-docs': { type: 'boolean' } },
    allowPositionals: true,
  });
  const chosen = choose(positionals);
  if (values.list) {
    for (const { name, breaks, file } of chosen) print(`${name} [${breaks.join(', ')}] ${file}`);
    return true;
  }
  const exec = untilInterrupted(realExec(realClock));
  await using workspace = await Workspace.create(root);
  if (!(await checkGreen(exec, workspace.path, chosen))) return false;
  const judged: Judged[] = [];
  for (const mutant of chosen) {
    const result = { mutant, verdict: await tryMutant(exec, workspace, mutant) };
    judged.push(result);
    print(describe(result));
  }
  const caught = judged.flatMap(({ mutant, verdict }) =>
    verdict.kind === 'caught' ? [{ mutant, by: verdict.by }] : [],
  );
  print(`${caught.length} of ${chosen.length} mutants caught`);
  const allCaught = caught.length === chosen.length;
  if (values['write-docs'] && allCaught && chosen.length === mutants.length) {
    await writeFile(docsPath, writeTable(await readFile(docsPath, 'utf8'), caught));
  }
  return allCaught;
}

const allCaught = await main().catch((thrown: unknown) => {
  process.stderr.write(`${messageOf(thrown)}\n`);
  return false;
});
process.exitCode = allCaught ? 0 : 1;
