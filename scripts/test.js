/**
 * Runs every tier of tests and ends with the plain line `N passed, N failed, N skipped`. As root everything runs in
 * mount and process namespaces of its own, so that nothing a test mounts or kills can reach the machine.
 *
 * Usage: test.js [--fail-on-skip] [tier ...]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchKubectl } from './fetch-kubectl.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

/** In this order: what is quick and explains most comes first. */
const tiers = [
  { name: 'unit', directory: 'src' },
  { name: 'integration', directory: 'test/integration' },
  { name: 'conformance', directory: 'test/conformance' },
  { name: 'e2e', directory: 'test/e2e', needsKubectl: true },
  // Beside Kubernetes' own programs, which scripts/build-kubernetes.sh builds: only when asked for.
  { name: 'upstream', directory: 'test/upstream', needsKubectl: true, onlyWhenAsked: true },
];

/** Set in the process that runs inside the namespaces. */
const insideVariable = 'STOWAGE_TEST_NAMESPACE';

/** Mounts, and processes: none that a test starts or signals is outside, and all end with the run. */
const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Process 1 of the namespace must reap what its parents left; a shell does. */
const init = ['bash', '-c', '"$@"; exit $?', 'init'];

function enterNamespaces() {
  if (process.getuid?.() !== 0 || process.env[insideVariable]) return;
  if (spawnSync('unshare', [...namespaces, 'true'], { stdio: 'ignore' }).status !== 0) {
    process.stderr.write('no namespaces can be made here: tests mount and run in those of the machine\n');
    return;
  }
  const command = [...init, process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const env = { ...process.env, [insideVariable]: '1' };
  const { status } = spawnSync('unshare', [...namespaces, '--', ...command], { stdio: 'inherit', env });
  process.exit(status ?? 1);
}

/** @param {string} directory */
function hasTests(directory) {
  if (!existsSync(directory)) return false;
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).some((path) => path.endsWith('.test.ts'));
}

/** Numbers of one tier. A file that fails as a whole (it does not load, it leaks) is a failure of its own. */
function count(report, succeeded) {
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, testResults } = report;
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + brokenFiles;
  return { passed, failed: failed === 0 && !succeeded ? 1 : failed, skipped: numPendingTests + numTodoTests };
}

/** The suites that were skipped, whose titles say why. */
function printSkips({ testResults }) {
  const skipped = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed'),
  );
  const suites = new Set(skipped.map(({ ancestorTitles, title }) => ancestorTitles.join(' > ') || title));
  for (const suite of suites) process.stdout.write(`skipped: ${suite}\n`);
}

/** @param {string} name @param {string} directory for the report */
function runTier(name, directory) {
  const file = join(directory, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', name, ...reporters], {
    cwd: root,
    stdio: 'inherit',
  });
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  printSkips(report);
  return count(report, status === 0);
}

const asked = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
for (const name of asked) {
  if (tiers.some((tier) => tier.name === name)) continue;
  process.stderr.write(`stowage: there are no ${name} tests; there are ${tiers.map((tier) => tier.name).join(', ')}\n`);
  process.exit(2);
}
enterNamespaces();
const chosen = tiers.filter(
  ({ name, directory, onlyWhenAsked }) =>
    (asked.length === 0 ? !onlyWhenAsked : asked.includes(name)) && hasTests(join(root, directory)),
);
const total = { passed: 0, failed: 0, skipped: 0 };
const reports = mkdtempSync(join(tmpdir(), 'stowage-reports-'));
try {
  for (const { name, needsKubectl } of chosen) {
    if (needsKubectl) fetchKubectl();
    const counts = runTier(name, reports);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
const skipsFail = process.argv.includes('--fail-on-skip') && total.skipped > 0;
process.exit(total.failed > 0 || skipsFail || total.passed === 0 ? 1 : 0);
