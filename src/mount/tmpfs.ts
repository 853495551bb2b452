import { MountError } from './mount-error.ts';
import type { Mounter } from './mounter.ts';

export interface TmpfsRequest {
  readonly target: string;
  /** The kernel's default, half of the memory, when absent. */
  readonly sizeBytes?: bigint | number | undefined;
  /** Permissions of the root directory; 1777 when absent. */
  readonly mode?: number | undefined;
  readonly options?: readonly string[] | undefined;
}

/** Mounts a tmpfs: emptyDir with medium Memory, secrets, projected tokens. */
export async function mountTmpfs(mounter: Mounter, request: TmpfsRequest, signal?: AbortSignal): Promise<void> {
  const { target, sizeBytes, mode, options = [] } = request;
  if (sizeBytes !== undefined && sizeBytes < 0) {
    throw new MountError('Invalid', `a tmpfs cannot have a size of ${sizeBytes} bytes`);
  }
  // Zero means without a limit to the kernel, and so to upstream.
  const size = sizeBytes === undefined ? [] : [`size=${sizeBytes}`];
  const permissions = mode === undefined ? [] : [`mode=${mode.toString(8)}`];
  await mounter.mount(
    { source: 'tmpfs', target, fsType: 'tmpfs', options: [...size, ...permissions, ...options] },
    signal,
  );
}
