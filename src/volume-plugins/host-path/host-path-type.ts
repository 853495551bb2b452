import type { Stats } from 'node:fs';
import { errnoOf, type Fs, ifExists, messageOf } from '../../base/index.ts';
import { finalError } from '../errors.ts';

interface TypeCheck {
  readonly is: (stat: Stats) => boolean;
  readonly noun: string;
}

const checks: Readonly<Record<string, TypeCheck>> = {
  Directory: { is: (stat) => stat.isDirectory(), noun: 'a directory' },
  DirectoryOrCreate: { is: (stat) => stat.isDirectory(), noun: 'a directory' },
  File: { is: (stat) => stat.isFile(), noun: 'a file' },
  FileOrCreate: { is: (stat) => stat.isFile(), noun: 'a file' },
  Socket: { is: (stat) => stat.isSocket(), noun: 'a socket file' },
  CharDevice: { is: (stat) => stat.isCharacterDevice(), noun: 'a character device' },
  BlockDevice: { is: (stat) => stat.isBlockDevice(), noun: 'a block device' },
};

/** Checks a hostPath against its type, and makes what may be made. '' checks nothing. */
export async function checkHostPath(fs: Fs, path: string, type: string): Promise<void> {
  if (type === '') return;
  const check = checks[type];
  if (!check) throw finalError(`${type} is an invalid volume type`);
  const stat = (await statOf(fs, path)) ?? (await create(fs, path, type));
  if (!stat || !check.is(stat)) throw finalError(`hostPath type check failed: ${path} is not ${check.noun}`);
}

async function statOf(fs: Fs, path: string): Promise<Stats | undefined> {
  try {
    return await ifExists(fs.stat(path));
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOTDIR') return undefined;
    throw thrown;
  }
}

async function create(fs: Fs, path: string, type: string): Promise<Stats | undefined> {
  try {
    if (type === 'DirectoryOrCreate') await fs.mkdir(path, { recursive: true, mode: 0o755 });
    else if (type === 'FileOrCreate') await fs.writeFile(path, '', { mode: 0o644, flag: 'a' });
    else return undefined;
  } catch (thrown) {
    // A missing parent of FileOrCreate: directories are not made for it.
    throw finalError(
      errnoOf(thrown) === 'ENOENT' ? `open ${path}: no such file or directory` : messageOf(thrown),
      thrown,
    );
  }
  return await fs.stat(path);
}
