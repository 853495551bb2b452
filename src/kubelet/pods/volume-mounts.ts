/** A container's volumeMounts and volumeDevices as mounts of host paths. Upstream: kubelet_pods.go makeMounts. */
import { join, normalize } from 'node:path';
import type { Container, Pod, VolumeMount } from '../../api/index.ts';
import { ifExists, messageOf } from '../../base/index.ts';
import { ensureDirectoryInside, handlePath, MountError, openInside } from '../../mount/index.ts';
import type { ContainerDevice, ContainerMount, EnvironmentVariable, MountPropagationMode } from '../runtime/runtime.ts';
import type { MountedVolume } from '../volumemanager/volume-manager.ts';
import { ContainerError } from './container-error.ts';
import { expandStrictly } from './expand.ts';
import type { PodContext } from './pod-context.ts';
import { podSubPathsDir } from './pod-paths.ts';

type Host = Pick<PodContext, 'fs' | 'mounter' | 'rootDir'>;

export interface MountsInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly env: readonly EnvironmentVariable[];
}

const propagations: Readonly<Record<string, MountPropagationMode>> = {
  None: 'private',
  HostToContainer: 'slave',
  Bidirectional: 'shared',
};

function findVolume({ container, volumes }: MountsInput, name: string): MountedVolume {
  const volume = volumes.get(name);
  if (!volume) {
    throw ContainerError.config(`cannot find volume "${name}" to mount into container "${container.name}"`);
  }
  return volume;
}

/** Rejects with a CreateContainerConfigError. */
export async function containerMounts(host: Host, input: MountsInput): Promise<ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const [index, mount] of (input.container.volumeMounts ?? []).entries()) {
    const volume = findVolume(input, mount.name);
    const subPath = subPathOf(mount, input);
    const source = subPath === '' ? volume.path : await prepareSubPath(host, input, { mount, volume, index, subPath });
    mounts.push({
      source,
      // Upstream: a relative path is taken from the root.
      target: join('/', mount.mountPath),
      readOnly: (mount.readOnly ?? false) || volume.readOnly,
      recursiveReadOnly: mount.recursiveReadOnly === 'Enabled' || mount.recursiveReadOnly === 'IfPossible',
      propagation: propagations[mount.mountPropagation ?? 'None'] ?? 'private',
      verify: source.startsWith(`${host.rootDir}/`),
    });
  }
  return mounts;
}

export function containerDevices(input: MountsInput): ContainerDevice[] {
  return (input.container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const volume = findVolume(input, name);
    if (!volume.blockDevicePath) {
      throw ContainerError.config(`volume "${name}" has no block device for container "${input.container.name}"`);
    }
    return { source: volume.blockDevicePath, target: join('/', devicePath) };
  });
}

/** The subPath, or the subPathExpr with the container's variables in it. '' when there is none. */
function subPathOf(mount: VolumeMount, { container, env }: MountsInput): string {
  const fail = (why: string) =>
    ContainerError.config(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
      {
        cause: new MountError('Invalid', why),
      },
    );
  let path = mount.subPath ?? '';
  if (mount.subPathExpr) {
    const values = new Map(env.map(({ name, value }) => [name, value]));
    try {
      path = expandStrictly(mount.subPathExpr, (name) => values.get(name));
    } catch (thrown) {
      throw ContainerError.config(messageOf(thrown), { cause: thrown });
    }
  }
  if (path.startsWith('/')) throw fail('the path is absolute');
  if (path.split('/').includes('..')) throw fail("the path contains '..'");
  return path === '' || normalize(path) === '.' ? '' : path;
}

interface SubPath {
  readonly mount: VolumeMount;
  readonly volume: MountedVolume;
  readonly index: number;
  readonly subPath: string;
}

/**
 * Binds the file or directory inside the volume to a path of the node's own, through a handle that no exchange of
 * names in the volume can lead astray. A bind of an earlier instance of the container is replaced.
 */
async function prepareSubPath(host: Host, input: MountsInput, sub: SubPath): Promise<string> {
  const { fs, mounter, rootDir } = host;
  const { pod, container } = input;
  const what = `subPath for volumeMount "${sub.mount.name}" of container "${container.name}"`;
  const volumeDir = sub.volume.innerVolumeName;
  const target = join(podSubPathsDir(rootDir, pod.metadata.uid), volumeDir, container.name, String(sub.index));
  await using handle = await openSubPath(host, sub, what);
  try {
    const isDirectory = (await handle.stat()).isDirectory();
    while (await mounter.isMountPoint(target)) await mounter.unmount(target);
    await fs.mkdir(join(target, '..'), { recursive: true, mode: 0o750 });
    const there = await ifExists(fs.lstat(target));
    if (there && there.isDirectory() !== isDirectory) {
      await (there.isDirectory() ? fs.rmdir(target) : fs.unlink(target));
    }
    if (isDirectory) await fs.mkdir(target, { recursive: true, mode: 0o750 });
    else if (!there || there.isDirectory()) await fs.writeFile(target, '', { mode: 0o640 });
    await mounter.mount({ source: handlePath(handle), target, options: ['bind'] });
    return target;
  } catch (thrown) {
    throw ContainerError.config(`failed to prepare ${what}`, { cause: thrown });
  }
}

/** Opens the subPath and creates it as a directory when it is missing, in a volume that can be written. */
async function openSubPath({ fs }: Host, { volume, subPath }: SubPath, what: string) {
  try {
    return await openInside(fs, volume.path, subPath);
  } catch (thrown) {
    const missing = thrown instanceof MountError && thrown.code === 'NotFound';
    if (!missing) throw ContainerError.config(`failed to prepare ${what}`, { cause: thrown });
  }
  try {
    return await ensureDirectoryInside(fs, volume.path, subPath);
  } catch (thrown) {
    throw ContainerError.config(`failed to create subPath directory for ${what.replace('subPath for ', '')}`, {
      cause: thrown,
    });
  }
}
