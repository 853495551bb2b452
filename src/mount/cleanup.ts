import { type Fs, ifExists } from '../base/index.ts';
import { MountError } from './mount-error.ts';
import type { Mounter, UnmountOptions } from './mounter.ts';

/** More mounts than this on one path are a loop that stacks them: an error to report, not to work off. */
const stackedMountLimit = 64;

/**
 * Unmounts everything that is stacked on the path and removes the empty directory (or the file a block device was
 * bound to). Does nothing for a path that does not exist. `NotEmpty` when files remain: they are never deleted.
 */
export async function cleanupMountPoint(
  host: { readonly mounter: Mounter; readonly fs: Fs },
  path: string,
  options: UnmountOptions = {},
): Promise<void> {
  const { mounter, fs } = host;
  for (let taken = 0; await mounter.isMountPoint(path); taken++) {
    if (taken === stackedMountLimit) throw new MountError('Busy', `${path} is still mounted after ${taken} unmounts`);
    await mounter.unmount(path, options);
  }
  const found = await ifExists(fs.lstat(path));
  if (!found) return;
  try {
    await ifExists(found.isDirectory() ? fs.rmdir(path) : removeTargetFile(fs, path, found.size));
  } catch (thrown) {
    throw MountError.from(thrown, `the mount point ${path} cannot be removed`);
  }
}

/** A file as mount point is created empty; one that holds bytes is somebody's. */
async function removeTargetFile(fs: Fs, path: string, sizeBytes: number): Promise<void> {
  if (sizeBytes > 0) throw new MountError('NotEmpty', `the mount point ${path} is a file that is not empty`);
  await fs.unlink(path);
}
