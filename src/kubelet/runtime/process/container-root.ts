/** Prepares the directory of a container before its namespaces exist: links, lists and mount points. */
import { constants } from 'node:fs';
import { join, relative } from 'node:path';
import { errnoOf, type Fs } from '../../../base/index.ts';
import { ensureDirectoryInside, handlePath, listMounts, type MountPoint } from '../../../mount/index.ts';
import type { ContainerSpec } from './container-spec.ts';
import { formatFstab } from './fstab.ts';
import { type PlacedMount, placeMounts, rootTable, volumeTable } from './mount-plan.ts';
import { resolveInRoot } from './resolve-in-root.ts';
import { privateRootfs, type SetupLayout, setupScript } from './setup-script.ts';

/** What is the same for all containers of a shim. */
export interface RootEnvironment {
  readonly fs: Fs;
  readonly toolsDir: string;
  readonly deviceTemplateDir: string;
  /** Host paths of the device nodes that every container has. */
  readonly deviceNodes: readonly string[];
  readonly procEntries: ReadonlySet<string>;
}

export interface PreparedRoot {
  readonly spec: ContainerSpec;
  readonly rootfs: string;
  /** The script that builds the root, a file of the container's directory. */
  readonly scriptPath: string;
  readonly mounts: readonly PlacedMount[];
  readonly hostMounts: readonly MountPoint[];
}

export async function prepareRoot(
  environment: RootEnvironment,
  asked: ContainerSpec,
  containerDir: string,
): Promise<PreparedRoot> {
  const { fs } = environment;
  const { rootDir } = asked.imageInfo;
  const resolve = async <T extends { readonly target: string }>(item: T) => {
    const { path, exists } = await resolveInRoot(fs, rootDir, item.target);
    return { ...item, target: path, exists };
  };
  const [mounts, devices, workingDir, hostMounts] = await Promise.all([
    Promise.all(asked.mounts.map(resolve)).then(placeMounts),
    Promise.all(asked.devices.map(resolve)),
    resolveInRoot(fs, rootDir, asked.workingDir),
    listMounts(fs),
  ]);
  const spec: ContainerSpec = { ...asked, devices, workingDir: workingDir.path };
  const shared = mounts.some((mount) => mount.propagation === 'shared');
  const rootfs = shared ? privateRootfs : join(containerDir, 'rootfs');
  await Promise.all(mounts.map((mount) => ensureNestedTarget(fs, mount)));
  const { privileged } = spec.security;
  const table = [
    ...rootTable({ ...environment, rootfs, privileged }, (name) => environment.procEntries.has(name)),
    ...devices.map(({ source, target }) => ({
      source,
      target: join(rootfs, target),
      type: 'none',
      options: ['bind'],
    })),
    ...volumeTable(rootfs, mounts, hostMounts, privileged),
  ];
  await fs.symlink(rootDir, join(containerDir, 'lower'));
  await fs.writeFile(join(containerDir, 'fstab'), formatFstab(table), { mode: 0o600 });
  const layout: SetupLayout = {
    containerDir,
    rootfs,
    deviceTemplateDir: environment.deviceTemplateDir,
    missingDirectories: workingDir.exists ? [] : [workingDir.path],
  };
  const scriptPath = join(containerDir, 'setup');
  await fs.writeFile(scriptPath, setupScript(spec, layout, mounts), { mode: 0o600 });
  return { spec, rootfs, scriptPath, mounts, hostMounts };
}

const createOnly = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A mount inside another volume needs its mount point there. Nothing in the volume can lead the creation out of it. */
async function ensureNestedTarget(fs: Fs, mount: PlacedMount): Promise<void> {
  if (!mount.parent) return;
  const inside = relative(mount.parent.target, mount.target);
  const isDirectory = (await fs.stat(mount.source)).isDirectory();
  const cut = inside.lastIndexOf('/');
  const directory = isDirectory ? inside : inside.slice(0, Math.max(cut, 0));
  const handle = await ensureDirectoryInside(fs, mount.parent.source, directory, { mode: 0o755 });
  try {
    if (isDirectory) return;
    const file = await fs.open(join(handlePath(handle), inside.slice(cut + 1)), createOnly, 0o644);
    await file.close();
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await handle.close();
  }
}
