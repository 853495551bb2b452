/**
 * Makes and removes an emptyDir at a path. The secret, configMap, downwardAPI and projected plugins wrap it: their
 * volumes are emptyDirs that are written to.
 *
 * Upstream: pkg/volume/emptydir/empty_dir.go.
 */
import { basename, dirname, join } from 'node:path';
import { type Pod, quantityValue } from '../../api/index.ts';
import { exists, ifExists } from '../../base/index.ts';
import { cleanupMountPoint, isWithin, mountTmpfs, removeTreeOneFilesystem } from '../../mount/index.ts';
import { finalError } from '../errors.ts';
import { pathSegment, podPluginDir } from '../paths.ts';
import type { VolumeHost } from '../volume-host.ts';
import { hugePagesMountOptions, isHugePagesMedium } from './huge-pages.ts';
import { tmpfsSwapOptions } from './tmpfs-swap.ts';

export const emptyDirPluginName = 'kubernetes.io/empty-dir';

/** Everybody may write: the directory belongs to one pod. */
const emptyDirMode = 0o777;

export interface EmptyDirRequest {
  readonly path: string;
  readonly pod: Pod;
  /** Names the ready mark: the volume's name, or `wrapped_<name>` for plugins that wrap an emptyDir. */
  readonly markName: string;
  /** '' is the disk under the agent's root. */
  readonly medium: string;
  readonly sizeLimit?: string | undefined;
}

function readyDir(host: VolumeHost, podUid: string, markName: string): string {
  return join(podPluginDir(host.rootDir, podUid, emptyDirPluginName), pathSegment(markName));
}

/** Makes the directory ready for the pod; content that is there stays. Answers false when it was ready already. */
export async function setUpEmptyDir(host: VolumeHost, request: EmptyDirRequest): Promise<boolean> {
  const { path, medium } = request;
  const mark = join(readyDir(host, request.pod.metadata.uid, request.markName), 'ready');
  const mounted = await host.mounter.isMountPoint(path);
  if ((await exists(host.fs, mark)) && (medium === '' ? await exists(host.fs, path) : mounted)) return false;
  await host.fs.mkdir(path, { recursive: true, mode: 0o750 });
  if (!mounted) {
    // mkdir is subject to the umask, chmod is not.
    await host.fs.chmod(path, emptyDirMode);
    await mountMedium(host, request);
  }
  await host.fs.mkdir(dirname(mark), { recursive: true, mode: 0o750 });
  await host.fs.writeFile(mark, '');
  return true;
}

async function mountMedium(host: VolumeHost, { path, pod, medium, sizeLimit }: EmptyDirRequest): Promise<void> {
  if (medium === '') return;
  if (medium === 'Memory') {
    const sizeBytes = memoryLimitBytes(pod, sizeLimit, host.nodeAllocatable());
    await mountTmpfs(host.mounter, { target: path, sizeBytes, options: await tmpfsSwapOptions(host) });
  } else if (isHugePagesMedium(medium)) {
    const options = hugePagesMountOptions(pod, medium);
    await host.mounter.mount({ source: 'nodev', target: path, fsType: 'hugetlbfs', options });
  } else {
    throw finalError(`unknown storage medium "${medium}"`);
  }
}

/** The smallest of the volume's limit, the pod's memory limit and what pods of the node can have at all. */
export function memoryLimitBytes(
  pod: Pod,
  sizeLimit: string | undefined,
  nodeAllocatable: Readonly<Record<string, string>>,
): bigint | undefined {
  const limits = pod.spec.containers.map((container) => container.resources?.limits?.memory);
  const everyLimited = limits.every((limit) => limit !== undefined && quantityValue(limit) > 0n);
  const candidates = [
    nodeAllocatable.memory === undefined ? 0n : quantityValue(nodeAllocatable.memory),
    everyLimited ? limits.reduce<bigint>((sum, limit) => sum + quantityValue(limit ?? '0'), 0n) : 0n,
    sizeLimit === undefined ? 0n : quantityValue(sizeLimit),
  ].filter((bytes) => bytes > 0n);
  return candidates.sort((left, right) => (left < right ? -1 : 1))[0];
}

/** Removes the directory with its content, whatever its medium is. Nothing there is success. */
export async function tearDownEmptyDir(
  host: VolumeHost,
  target: { readonly path: string; readonly podUid: string; readonly markName: string },
): Promise<void> {
  const { path, podUid, markName } = target;
  const mark = readyDir(host, podUid, markName);
  await ifExists(host.fs.unlink(join(mark, 'ready')));
  if (await host.mounter.isMountPoint(path)) await cleanupMountPoint(host, path);
  else await removeDirectory(host, path);
  await ifExists(host.fs.rmdir(mark));
}

/** Renamed first: a half-removed directory must not be taken for the pod's. */
async function removeDirectory(host: VolumeHost, path: string): Promise<void> {
  const doomed = join(dirname(path), `.deleting~${basename(path)}`);
  await removeTreeOneFilesystem(host, doomed);
  if (!(await exists(host.fs, path))) return;
  // A mount inside would move along with the name: then nothing is renamed, and the removal is refused.
  const mounts = await host.mounter.listMounts();
  if (!mounts.some((mount) => isWithin(path, mount.path))) await host.fs.rename(path, doomed);
  await removeTreeOneFilesystem(host, path);
  await removeTreeOneFilesystem(host, doomed);
}
