/** Finds out once what the roots of all containers are made from on this machine. */
import { join } from 'node:path';
import { type Fs, ifExists } from '../../../base/index.ts';
import type { RootEnvironment } from './container-root.ts';

/** The devices that every container has. Upstream: the OCI runtime specification's default devices. */
const deviceNames = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

const links = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};

/** Makes the directory that /dev of each container is a copy of: devices are bound over its empty files. */
async function prepareDeviceTemplate(fs: Fs, directory: string, nodes: readonly string[]): Promise<void> {
  await fs.rm(directory, { recursive: true, force: true });
  await fs.mkdir(directory, { recursive: true, mode: 0o755 });
  for (const name of ['pts', 'shm', 'mqueue']) await fs.mkdir(join(directory, name), { mode: 0o755 });
  for (const [name, target] of Object.entries(links)) await fs.symlink(target, join(directory, name));
  for (const node of nodes) await fs.writeFile(join(directory, node), '', { mode: 0o666 });
}

export async function prepareEnvironment(fs: Fs, directory: string): Promise<RootEnvironment> {
  const found = await Promise.all(deviceNames.map((name) => ifExists(fs.stat(join('/dev', name)))));
  const nodes = deviceNames.filter((_, index) => found[index]?.isCharacterDevice());
  const deviceTemplateDir = join(directory, 'dev');
  const [procEntries] = await Promise.all([fs.readdir('/proc'), prepareDeviceTemplate(fs, deviceTemplateDir, nodes)]);
  return {
    fs,
    toolsDir: join(directory, 'tools'),
    deviceTemplateDir,
    deviceNodes: nodes.map((name) => join('/dev', name)),
    procEntries: new Set(procEntries),
  };
}
