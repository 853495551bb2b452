/** The pod's own directories and files on the node, beside its volumes. Upstream: pkg/kubelet/kubelet_getters.go. */
import { join } from 'node:path';
import type { Pod } from '../../api/index.ts';
import { pathSegment, podDir } from '../../volume-plugins/index.ts';

type PodName = Pick<Pod, 'metadata'>;

export function podSubPathsDir(rootDir: string, podUid: string): string {
  return join(podDir(rootDir, podUid), 'volume-subpaths');
}

export function etcHostsPath(rootDir: string, podUid: string): string {
  return join(podDir(rootDir, podUid), 'etc-hosts');
}

export function hostnamePath(rootDir: string, podUid: string): string {
  return join(podDir(rootDir, podUid), 'hostname');
}

export function containerDir(rootDir: string, podUid: string, containerName: string): string {
  return join(podDir(rootDir, podUid), 'containers', pathSegment(containerName));
}

export function logsDir(rootDir: string): string {
  return join(rootDir, 'logs');
}

/** Logs outlive their containers, but not the pod. */
export function podLogsDir(rootDir: string, { metadata }: PodName): string {
  return join(logsDir(rootDir), pathSegment(`${metadata.namespace}_${metadata.name}_${metadata.uid}`));
}

export function containerLogPath(rootDir: string, pod: PodName, containerName: string, attempt: number): string {
  return join(podLogsDir(rootDir, pod), pathSegment(containerName), `${attempt}.log`);
}

/** The uid of the pod whose logs are in the directory of that name: neither of the names before it has a `_`. */
export function podUidOfLogs(name: string): string {
  return name.slice(name.lastIndexOf('_') + 1);
}
