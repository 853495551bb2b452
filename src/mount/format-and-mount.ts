/**
 * Mounts a block device, making a file system on it first when, and only when, it was read and found empty.
 * Upstream: mount-utils mount_linux.go formatAndMountSensitive, which trusts blkid alone.
 */
import { type MountHost, runHostCommand } from './host-command.ts';
import { MountError } from './mount-error.ts';
import { checkAbsolute, checkFsType } from './mount-options.ts';
import type { Mounter, MountRequest } from './mounter.ts';
import { isBlank, probeDevice } from './probe-device.ts';

export interface FormatAndMountRequest {
  readonly device: string;
  readonly target: string;
  /** ext4 when absent. */
  readonly fsType?: string | undefined;
  /** With `ro` the device is neither formatted nor checked. */
  readonly options?: readonly string[] | undefined;
  readonly sensitiveOptions?: readonly string[] | undefined;
  /** Further arguments of mkfs. */
  readonly formatOptions?: readonly string[] | undefined;
  /** The caller has a durable record that the volume is new and was never staged: bytes on it are no data. */
  readonly knownNew?: boolean | undefined;
}

export interface FormatAndMount {
  readonly fsType: string;
  readonly formatted: boolean;
}

export type DeviceHost = MountHost & { readonly mounter: Mounter };

const defaultFsType = 'ext4';

/** mkfs discards blocks first, which takes minutes on slow disks. */
const formatTimeoutMs = 15 * 60_000;
/** A full check of a large file system reads all its metadata. */
const checkTimeoutMs = 30 * 60_000;

/** fsck: errors were found and corrected. */
const fsckCorrected = 1;
/** fsck: errors were left. */
const fsckUncorrected = 4;

const quickMkfs: Readonly<Record<string, readonly string[]>> = {
  ext2: ['-F', '-m0'],
  ext3: ['-F', '-m0'],
  ext4: ['-F', '-m0'],
  xfs: ['-f'],
  btrfs: ['-f'],
};

/**
 * Rejects with a MountError: `NotEmpty` when the device holds anything that is no file system, or an unformatted one
 * is to be mounted read-only; `Mismatch` when it holds another file system that cannot be mounted as the one asked
 * for; `Corrupted` when fsck left errors.
 */
export async function formatAndMount(
  host: DeviceHost,
  request: FormatAndMountRequest,
  signal?: AbortSignal,
): Promise<FormatAndMount> {
  const { device, options = [], fsType: asked = defaultFsType } = request;
  checkAbsolute(device, 'device');
  checkFsType(asked);
  const readOnly = options.includes('ro');
  const content = await probeDevice(host, device, signal);
  switch (content.kind) {
    case 'fileSystem':
      if (!readOnly) await checkFileSystem(host, device, signal);
      await mountExisting(host, request, { asked, found: content.fsType }, signal);
      return { fsType: content.fsType, formatted: false };
    case 'partitions':
      throw new MountError('NotEmpty', `${device} is not formatted: it holds a partition table (${content.table})`);
    case 'ambivalent':
      throw new MountError('NotEmpty', `${device} is not formatted: it holds several contradicting signatures`);
    case 'unrecognised':
      if (readOnly) throw new MountError('NotEmpty', `${device} has no file system, and is to be mounted read-only`);
      await format(host, request, asked, signal);
      await host.mounter.mount(mountOf(request, asked), signal);
      return { fsType: asked, formatted: true };
  }
}

function mountOf(request: FormatAndMountRequest, fsType: string): MountRequest {
  const { device, target, options, sensitiveOptions } = request;
  return { source: device, target, fsType, options, sensitiveOptions };
}

async function format(
  host: DeviceHost,
  request: FormatAndMountRequest,
  fsType: string,
  signal?: AbortSignal,
): Promise<void> {
  const { device, formatOptions = [] } = request;
  const blank = await isBlank(host, device, signal);
  if (!blank && !request.knownNew) {
    throw new MountError('NotEmpty', `${device} is not formatted: it has no known file system, but holds bytes`);
  }
  const args = [...formatOptions, ...(quickMkfs[fsType] ?? []), device];
  await runHostCommand(host, { command: `mkfs.${fsType}`, args, timeoutMs: formatTimeoutMs, signal });
}

/** Repairs what can be repaired without asking. A checker that is missing or fails otherwise does not stop the mount. */
async function checkFileSystem(host: DeviceHost, device: string, signal?: AbortSignal): Promise<void> {
  let exitCode: number;
  let output = '';
  try {
    const args = ['-a', device];
    const answers = [fsckCorrected, fsckUncorrected];
    const result = await runHostCommand(host, { command: 'fsck', args, timeoutMs: checkTimeoutMs, signal, answers });
    exitCode = result.exitCode;
    output = `${result.stdout.trim()} ${result.stderr.trim()}`.trim();
  } catch (thrown) {
    if (thrown instanceof MountError && thrown.code !== 'TimedOut') return;
    throw thrown;
  }
  if (exitCode === fsckUncorrected) {
    throw new MountError('Corrupted', `fsck found errors on ${device} that it cannot correct: ${output}`, {
      command: `fsck -a ${device}`,
      exitCode,
      output,
    });
  }
}

async function mountExisting(
  host: DeviceHost,
  request: FormatAndMountRequest,
  types: { readonly asked: string; readonly found: string },
  signal?: AbortSignal,
): Promise<void> {
  try {
    await host.mounter.mount(mountOf(request, types.asked), signal);
  } catch (thrown) {
    if (types.asked === types.found || !(thrown instanceof MountError)) throw thrown;
    const message = `${request.device} holds ${types.found}, not ${types.asked}: ${thrown.message}`;
    const { command, exitCode, output } = thrown;
    throw new MountError('Mismatch', message, { command, exitCode, output, cause: thrown });
  }
}
