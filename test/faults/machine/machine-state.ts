/** What a run leaves on a machine. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Machine } from './machine.ts';

export async function machineStateOf(machine: Machine): Promise<string[]> {
  const { name, rootDir } = machine;
  const files = readdirSync(rootDir, { recursive: true, withFileTypes: true }).map(
    (entry) => `${entry.isDirectory() ? 'directory' : 'file'} ${relative(rootDir, join(entry.parentPath, entry.name))}`,
  );
  const mounts = machine.mounter.mounted.map(({ path, source }) => `mount of ${source} at ${relative(rootDir, path)}`);
  const containers = (await machine.runningContainers()).map(
    ({ identity }) => `container ${identity.podName}/${identity.containerName}`,
  );
  const grown = [...machine.driver.grown].map(([volumeId, bytes]) => `${volumeId} grown to ${bytes}`);
  return [...files, ...mounts, ...containers, ...grown].map((line) => `machine ${name}: ${line}`);
}
