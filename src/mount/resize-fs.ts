import { type MountHost, runHostCommand } from './host-command.ts';
import { MountError } from './mount-error.ts';
import { checkAbsolute } from './mount-options.ts';
import { probeDevice } from './probe-device.ts';

/** Growing writes new metadata over the whole added space. */
const resizeTimeoutMs = 10 * 60_000;

export interface ResizeRequest {
  readonly device: string;
  /** Where the device is mounted, read-write. */
  readonly mountPath: string;
}

/**
 * Grows the mounted file system to the size of its device; does nothing when it has that size already. `Invalid`
 * when the device holds no file system that can be grown while it is mounted.
 */
export async function resizeFs(host: MountHost, request: ResizeRequest, signal?: AbortSignal): Promise<void> {
  const { device, mountPath } = request;
  checkAbsolute(mountPath, 'mount path');
  const content = await probeDevice(host, device, signal);
  const fsType = content.kind === 'fileSystem' ? content.fsType : 'nothing known';
  const [command, args] = growCommand(fsType, request);
  await runHostCommand(host, { command, args, timeoutMs: resizeTimeoutMs, signal });
}

function growCommand(fsType: string, { device, mountPath }: ResizeRequest): [command: string, args: string[]] {
  switch (fsType) {
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return ['resize2fs', [device]];
    case 'xfs':
      return ['xfs_growfs', ['-d', mountPath]];
    case 'btrfs':
      return ['btrfs', ['filesystem', 'resize', 'max', mountPath]];
    default:
      throw new MountError('Invalid', `${device} holds ${fsType}, which cannot be grown while it is mounted`);
  }
}
