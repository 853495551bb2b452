/** The nodes of this machine: one kubelet each, under a directory of its own. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterOptions } from './options.ts';

export interface Nodes extends AsyncDisposable {
  /** Where drivers register with each node's kubelet. */
  readonly registrationDirs: ReadonlyMap<string, string>;
}

export async function startNodes(options: ClusterOptions): Promise<Nodes> {
  const registrationDirs = new Map<string, string>();
  for (const name of options.nodeNames) {
    const registrationDir = join(options.rootDir, name, 'plugins_registry');
    await mkdir(registrationDir, { recursive: true, mode: 0o700 });
    registrationDirs.set(name, registrationDir);
  }
  return { registrationDirs, [Symbol.asyncDispose]: async () => {} };
}
