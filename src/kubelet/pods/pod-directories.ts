/** The pod's directory on the node: made before its volumes, removed after them and never across a mount. */
import { join } from 'node:path';
import type { HostAlias, Pod } from '../../api/index.ts';
import { errnoOf, type Fs, ifExists } from '../../base/index.ts';
import { removeTreeOneFilesystem } from '../../mount/index.ts';
import { podDir, podVolumeDevicesDir, podVolumesDir } from '../../volume-plugins/index.ts';
import type { PodContext } from './pod-context.ts';
import { etcHostsPath, hostnamePath, podLogsDir, podSubPathsDir } from './pod-paths.ts';

type Host = Pick<PodContext, 'fs' | 'mounter' | 'rootDir'>;

export function hostnameOf(pod: Pod): string {
  // The kernel takes 64 characters; upstream cuts at 63.
  return (pod.spec.hostname || pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '');
}

function aliasLines(aliases: readonly HostAlias[]): string[] {
  if (aliases.length === 0) return [];
  const lines = aliases.map(({ ip, hostnames }) => [ip, ...(hostnames ?? [])].join('\t'));
  return ['', '# Entries added by HostAliases.', ...lines];
}

/** The node's own hosts file with the pod's additions: containers are on the node's network. */
async function etcHosts(fs: Fs, pod: Pod, nodeIp: string): Promise<string> {
  const own = (await ifExists(fs.readFile('/etc/hosts', 'utf8'))) ?? '127.0.0.1\tlocalhost\n';
  const { subdomain } = pod.spec;
  const hostname = hostnameOf(pod);
  const domain = subdomain ? [`${hostname}.${subdomain}.${pod.metadata.namespace}.svc.cluster.local`] : [];
  const lines = [
    '# Kubernetes-managed hosts file (host network).',
    own.trimEnd(),
    [nodeIp, ...domain, hostname].join('\t'),
    ...aliasLines(pod.spec.hostAliases ?? []),
  ];
  return `${lines.join('\n')}\n`;
}

export async function ensurePodDirectories(host: Host & { readonly nodeIp: string }, pod: Pod): Promise<void> {
  const { fs, rootDir } = host;
  const { uid } = pod.metadata;
  const directories = [
    podVolumesDir(rootDir, uid),
    join(podDir(rootDir, uid), 'plugins'),
    join(podDir(rootDir, uid), 'containers'),
    podLogsDir(rootDir, pod),
  ];
  await Promise.all(directories.map((path) => fs.mkdir(path, { recursive: true, mode: 0o750 })));
  await fs.writeFile(etcHostsPath(rootDir, uid), await etcHosts(fs, pod, host.nodeIp), { mode: 0o644 });
  await fs.writeFile(hostnamePath(rootDir, uid), `${hostnameOf(pod)}\n`, { mode: 0o644 });
}

/** What is left in a directory of volumes, two levels deep; empty directories go. */
async function removeEmptyVolumes(fs: Fs, path: string): Promise<string[]> {
  const left: string[] = [];
  for (const plugin of (await ifExists(fs.readdir(path))) ?? []) {
    for (const volume of (await ifExists(fs.readdir(join(path, plugin)))) ?? []) {
      if (!(await removeIfEmpty(fs, join(path, plugin, volume)))) left.push(join(path, plugin, volume));
    }
    await removeIfEmpty(fs, join(path, plugin));
  }
  await removeIfEmpty(fs, path);
  return left;
}

async function removeIfEmpty(fs: Fs, path: string): Promise<boolean> {
  try {
    await ifExists(fs.rmdir(path));
    return true;
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'ENOTEMPTY' || code === 'EBUSY' || code === 'ENOTDIR') return false;
    throw thrown;
  }
}

/** Why a pod's directory cannot be removed yet. Upstream's words. */
export class PodDirectoryError extends Error {
  override readonly name = 'PodDirectoryError';
}

/**
 * Removes the pod's directory. Directories of volumes are only ever removed empty: what is in one may be a volume's
 * data. Rejects with a PodDirectoryError when something is left, or a MountError when something is mounted in it.
 */
export async function removePodDirectory(host: Host, podUid: string): Promise<void> {
  const { fs, rootDir } = host;
  const directory = podDir(rootDir, podUid);
  if (!(await ifExists(fs.lstat(directory)))) return;
  const volumes = [
    ...(await removeEmptyVolumes(fs, podVolumesDir(rootDir, podUid))),
    ...(await removeEmptyVolumes(fs, podVolumeDevicesDir(rootDir, podUid))),
  ];
  if (volumes.length > 0) {
    throw new PodDirectoryError(
      `orphaned pod "${podUid}" found, but volume paths are still present on disk: ${volumes.join(', ')}`,
    );
  }
  const subPaths = await removeEmptyVolumes(fs, podSubPathsDir(rootDir, podUid));
  if (subPaths.length > 0) {
    throw new PodDirectoryError(`orphaned pod "${podUid}" found, but volume subpaths are still present on disk`);
  }
  await removeTreeOneFilesystem(host, directory);
}
