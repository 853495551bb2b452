/** The directories that flags name: made, and tried, before anything else starts. */
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, exists, type Fs, messageOf, realFs, UsageError } from '../base/index.ts';
import type { ClusterOptions } from './options.ts';

/** Every directory of the options that a flag can name. */
export async function ensureDirectories(options: ClusterOptions, fs: Fs = realFs): Promise<void> {
  await ensureDirectory(fs, '--data-dir', options.dataDir);
  await ensureDirectory(fs, '--root-dir', options.rootDir);
  await ensureDirectory(fs, '--kubeconfig', dirname(options.kubeconfig));
}

/** Makes the directory, for its owner alone, where it is missing. Throws a UsageError that names the flag. */
export async function ensureDirectory(fs: Fs, flag: string, path: string): Promise<void> {
  try {
    await makeWithParents(fs, path);
    await fs.access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new UsageError(`${flag}: cannot use the directory ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Not mkdir's own `recursive`: below a file system that lets nobody make directories, such as /proc, it never ends. */
async function makeWithParents(fs: Fs, path: string): Promise<void> {
  try {
    await fs.mkdir(path, { mode: 0o700 });
  } catch (thrown) {
    const parent = dirname(path);
    if (errnoOf(thrown) === 'ENOENT' && !(await exists(fs, parent))) {
      await makeWithParents(fs, parent);
      await fs.mkdir(path, { mode: 0o700 });
    } else if (!(await exists(fs, path)) || !(await fs.stat(path)).isDirectory()) {
      throw thrown;
    }
  }
}
