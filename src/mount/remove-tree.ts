/**
 * Deletes a directory tree and never leaves its mount: refused when the mount table shows anything at or below it,
 * and each directory's mount id is compared before its content is touched. Links are removed, never followed.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf, type Fs, ifExists } from '../base/index.ts';
import { MountError } from './mount-error.ts';
import type { Mounter } from './mounter.ts';
import { canonicalPath } from './mounter.ts';
import { isWithin } from './mountinfo.ts';

export interface TreeHost {
  readonly mounter: Pick<Mounter, 'listMounts'>;
  readonly fs: Fs;
}

/** Unlinks in flight: as many as the thread pool of file operations has workers. */
const concurrency = 4;
/** Each level holds a descriptor open. What lies deeper is moved up to the top of the tree first. */
const depthLimit = 128;

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

interface Tree {
  readonly fs: Fs;
  readonly path: string;
  readonly top: FileHandle;
  readonly device: number;
  readonly mountId: string | undefined;
  /** How many directories were moved up so far: makes their new names unique. */
  moved: number;
}

/**
 * Removes the directory with all it holds; nothing when it does not exist. Rejects with a MountError: `Busy` when a
 * mount lies at or below the path (nothing is deleted then), `Unreadable` when the mount table cannot be read.
 */
export async function removeTreeOneFilesystem(host: TreeHost, path: string): Promise<void> {
  const canonical = await canonicalPath(host, path);
  if (canonical === undefined) return;
  await refuseMounts(host, canonical);
  try {
    const top = await ifExists(host.fs.open(canonical, directoryFlags));
    if (!top) return;
    await using closing = top;
    void closing;
    const [device, mountId] = await identify(host.fs, top);
    const tree: Tree = { fs: host.fs, path: canonical, top, device, mountId, moved: 0 };
    // Each pass takes what deep branches moved up during the one before.
    for (let before = -1; before < tree.moved; ) {
      before = tree.moved;
      await empty(tree, top, 0);
    }
    await ifExists(host.fs.rmdir(canonical));
  } catch (thrown) {
    throw MountError.from(thrown, `${path} cannot be removed`);
  }
}

async function refuseMounts(host: TreeHost, path: string): Promise<void> {
  const below = (await host.mounter.listMounts()).find((mount) => isWithin(path, mount.path));
  if (below) throw new MountError('Busy', `${path} is not removed: ${below.path} is mounted in it`);
}

/** Device and mount id of an open directory. A bind mount within one file system has its parent's device, but its own id. */
async function identify(fs: Fs, directory: FileHandle): Promise<[device: number, mountId: string | undefined]> {
  const [stats, text] = await Promise.all([
    directory.stat(),
    ifExists(fs.readFile(`/proc/self/fdinfo/${directory.fd}`, 'utf8')),
  ]);
  return [stats.dev, text?.match(/^mnt_id:\s*(\d+)$/m)?.[1]];
}

async function empty(tree: Tree, directory: FileHandle, depth: number): Promise<void> {
  const base = `/proc/self/fd/${directory.fd}`;
  const entries = await tree.fs.readdir(base, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  for (let start = 0; start < files.length; start += concurrency) {
    const batch = files.slice(start, start + concurrency);
    await Promise.all(batch.map((entry) => ifExists(tree.fs.unlink(`${base}/${entry.name}`))));
  }
  for (const entry of entries) if (entry.isDirectory()) await removeDirectory(tree, `${base}/${entry.name}`, depth);
}

async function removeDirectory(tree: Tree, path: string, depth: number): Promise<void> {
  const directory = await openDirectory(tree.fs, path);
  if (!directory) return;
  try {
    const [device, mountId] = await identify(tree.fs, directory);
    if (device !== tree.device || mountId !== tree.mountId) {
      throw new MountError('Busy', `${tree.path} is not removed whole: a file system is mounted in it`);
    }
    if (depth >= depthLimit) {
      await tree.fs.rename(path, `/proc/self/fd/${tree.top.fd}/.removing-${tree.moved++}`);
      return;
    }
    await empty(tree, directory, depth + 1);
  } finally {
    await directory.close();
  }
  await ifExists(tree.fs.rmdir(path));
}

/** Opens a directory; an entry that has become something else since it was listed is unlinked. */
async function openDirectory(fs: Fs, path: string): Promise<FileHandle | undefined> {
  try {
    return await fs.open(path, directoryFlags);
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'ELOOP' || code === 'ENOTDIR') await ifExists(fs.unlink(path));
    else if (code !== 'ENOENT') throw thrown;
    return undefined;
  }
}
