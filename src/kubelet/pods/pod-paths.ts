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

/** Logs outlive their containers, but not the pod. */
export function podLogsDir(rootDir: string, { metadata }: PodName): string {
  return join(rootDir, 'logs', pathSegment(`${metadata.namespace}_${metadata.name}_${metadata.uid}`));
}

export function containerLogPath(rootDir: string, pod: PodName, containerName: string, attempt: number): string {
  return join(podLogsDir(rootDir, pod), pathSegment(containerName), `${attempt}.log`);
}
