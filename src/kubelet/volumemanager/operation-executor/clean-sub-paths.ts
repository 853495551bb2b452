import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { ifExists } from '../../../base/index.ts';
import { cleanupMountPoint } from '../../../mount/index.ts';
import { pathSegment, podDir } from '../../../volume-plugins/index.ts';
import type { OperationContext } from './operation-context.ts';

/**
 * Unmounts and removes `volume-subpaths/<volume>/<container>/<index>` of a pod. Only empty directories and the empty
 * files that mounts were made on are removed.
 */
export async function cleanSubPaths(context: OperationContext, podUid: string, volumeName: string): Promise<void> {
  const root = join(podDir(context.rootDir, podUid), 'volume-subpaths', pathSegment(volumeName));
  for (const container of await list(context, root)) {
    const dir = join(root, container.name);
    if (container.isDirectory()) {
      for (const entry of await list(context, dir)) await cleanupMountPoint(context, join(dir, entry.name));
    }
    await ifExists(context.fs.rmdir(dir));
  }
  await ifExists(context.fs.rmdir(root));
}

async function list({ fs }: OperationContext, dir: string): Promise<readonly Dirent[]> {
  return (await ifExists(fs.readdir(dir, { withFileTypes: true }))) ?? [];
}
