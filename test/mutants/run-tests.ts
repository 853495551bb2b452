/** Runs test files with vitest and says what became of each. */
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Exec, ExecError, ifExists } from '../../src/base/index.ts';

export interface FileOutcome {
  readonly file: string;
  readonly failedTests: readonly string[];
  /** Why the file failed although none of its tests did: it does not load, or it leaks. */
  readonly problem: string | undefined;
}

/** The shape of vitest's JSON report, as far as it is needed. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** The slowest file needs some seconds; a mutant may keep each of its tests waiting for its own deadline. */
const runTimeoutMs = 5 * 60_000;
const outputLimitBytes = 16 * 1024 * 1024;

export interface TestRun {
  readonly exec: Exec;
  readonly directory: string;
  readonly files: readonly string[];
}

/** What the files test may mount: in a mount namespace of its own, as root, it is gone when the run ends. */
async function commandLine({ exec }: TestRun, args: readonly string[]): Promise<readonly [string, readonly string[]]> {
  const unshare = ['--mount', '--propagation', 'private'];
  const plain = [process.execPath, args] as const;
  if (process.getuid?.() !== 0) return plain;
  try {
    await exec.run('unshare', [...unshare, 'true'], { timeoutMs: runTimeoutMs });
  } catch {
    // Not allowed here: then neither are mounts, and those tests are skipped.
    return plain;
  }
  return ['unshare', [...unshare, '--', process.execPath, ...args]];
}

/** Answers for every file that was asked for. Rejects when vitest gives no report, as when the run takes too long. */
export async function runTests(run: TestRun): Promise<readonly FileOutcome[]> {
  const { exec, directory, files } = run;
  const report = join(directory, 'report.json');
  await rm(report, { force: true });
  const vitest = join(directory, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--root', directory, '--reporter=json', `--outputFile=${report}`, ...files];
  const [command, all] = await commandLine(run, args);
  try {
    await exec.run(command, all, { cwd: directory, timeoutMs: runTimeoutMs, outputLimitBytes });
  } catch (thrown) {
    // Red tests make it exit with 1 and leave a report.
    if (!(thrown instanceof ExecError) || thrown.exitCode === undefined) throw thrown;
  }
  const text = await ifExists(readFile(report, 'utf8'));
  if (text === undefined) throw new Error('vitest has left no report');
  return outcomes(run, JSON.parse(text) as Report);
}

function outcomes({ directory, files }: TestRun, { testResults }: Report): readonly FileOutcome[] {
  return files.map((file) => {
    // A file that belongs to several projects, or a suite of many describes, is one entry each.
    const results = testResults.filter(({ name }) => relative(directory, name) === file);
    const failedTests = results
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => fullName);
    const failed = results.find(({ status }) => status === 'failed');
    const silent = results.length === 0 ? 'it was not run' : failed && (failed.message || 'it failed as a whole');
    return { file, failedTests, problem: failedTests.length > 0 ? undefined : silent };
  });
}
