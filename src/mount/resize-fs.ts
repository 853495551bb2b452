import { type MountHost, runHostCommand } from './host-command.ts';
import { MountError } from './mount-error.ts';
import { checkAbsolute } from './mount-options.ts';
import { probeDevice } from './probe-device.ts';

/** Growing writes new metadata over the whole added space. */
const resizeTimeoutMs = 10 * 60_000;

/** e2fsck: errors were found and corrected. */
const corrected = 1;

export interface ResizeRequest {
  readonly device: string;
  /** Where the device is mounted, read-write. Absent when it is not mounted, which only ext4 and its kin can do. */
  readonly mountPath?: string | undefined;
}

/**
 * Grows the file system to the size of its device; does nothing when it has that size already. `Invalid` when the
 * device holds no file system that can be grown in its state.
 */
export async function resizeFs(host: MountHost, request: ResizeRequest, signal?: AbortSignal): Promise<void> {
  const { device, mountPath } = request;
  if (mountPath !== undefined) checkAbsolute(mountPath, 'mount path');
  const content = await probeDevice(host, device, signal);
  const fsType = content.kind === 'fileSystem' ? content.fsType : 'nothing known';
  const isExt = /^ext[234]$/.test(fsType);
  if (isExt && mountPath === undefined) {
    const args = ['-f', '-p', device];
    await runHostCommand(host, { command: 'e2fsck', args, timeoutMs: resizeTimeoutMs, signal, answers: [corrected] });
  }
  const [command, args] = isExt ? ['resize2fs', [device]] : mountedCommand(fsType, request);
  await runHostCommand(host, { command, args, timeoutMs: resizeTimeoutMs, signal });
}

function mountedCommand(fsType: string, { device, mountPath }: ResizeRequest): [command: string, args: string[]] {
  if (mountPath !== undefined && fsType === 'xfs') return ['xfs_growfs', ['-d', mountPath]];
  if (mountPath !== undefined && fsType === 'btrfs') return ['btrfs', ['filesystem', 'resize', 'max', mountPath]];
  const state = mountPath === undefined ? 'while it is not mounted' : 'while it is mounted';
  throw new MountError('Invalid', `${device} holds ${fsType}, which cannot be grown ${state}`);
}
