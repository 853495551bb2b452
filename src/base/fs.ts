/** The file system as components see it: node's promise functions, injected, plus durable replacement of a file. */
import * as real from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errors.ts';

export type Fs = Pick<
  typeof real,
  | 'readFile'
  | 'writeFile'
  | 'open'
  | 'rename'
  | 'unlink'
  | 'mkdir'
  | 'rmdir'
  | 'rm'
  | 'readdir'
  | 'stat'
  | 'lstat'
  | 'readlink'
  | 'symlink'
  | 'chmod'
  | 'chown'
  | 'lchown'
  | 'access'
  | 'statfs'
  | 'realpath'
  | 'utimes'
>;

export const realFs: Fs = real;

/** Makes names created, renamed or removed in a directory durable. */
export async function syncDirectory(fs: Fs, path: string): Promise<void> {
  const directory = await fs.open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Replaces a file so that after any crash it holds the old or the new content whole: temporary file, fsync, rename,
 * fsync of the directory.
 */
export async function writeFileDurably(
  fs: Fs,
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await fs.open(temporary, 'w', mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(temporary, path);
  await syncDirectory(fs, dirname(path));
}

/** Runs the call and turns ENOENT into undefined. */
export async function ifExists<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

export async function exists(fs: Fs, path: string): Promise<boolean> {
  return (await ifExists(fs.lstat(path))) !== undefined;
}
