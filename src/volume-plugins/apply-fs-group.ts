import type { Pod } from '../api/index.ts';
import type { VolumeHost } from './volume-host.ts';
import { setVolumeOwnership } from './volume-ownership.ts';

export interface FsGroupRequest {
  readonly path: string;
  readonly fsGroup: number;
  readonly fsGroupChangePolicy?: string | undefined;
  readonly readOnly: boolean;
  readonly pod: Pod;
  /** Aborts when the pod no longer wants the volume. */
  readonly unwanted?: AbortSignal | undefined;
}

/** A file system that does not answer within this is hung. */
const probeTimeoutMs = 30_000;

/**
 * Gives a mounted volume to the pod's group. A file system that hangs is found out by a child process first: this
 * process has few threads for file operations, and one that waits in the kernel cannot be taken back.
 */
export async function applyFsGroup(host: VolumeHost, request: FsGroupRequest, stopping: AbortSignal): Promise<void> {
  const signal = request.unwanted ? AbortSignal.any([stopping, request.unwanted]) : stopping;
  const mounts = await host.mounter.listMounts();
  if (mounts.some((mount) => mount.path === request.path)) {
    await host.exec.run('stat', ['--', request.path], { timeoutMs: probeTimeoutMs, signal });
  }
  const below = mounts.filter((mount) => mount.path.startsWith(`${request.path}/`)).map((mount) => mount.path);
  const { fs, clock } = host;
  await setVolumeOwnership(
    {
      ...request,
      fs,
      clock,
      mountPointsBelow: new Set(below),
      report: (message) => host.recordPodEvent(request.pod, 'Warning', 'VolumePermissionChangeInProgress', message),
    },
    signal,
  );
}
