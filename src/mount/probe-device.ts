import { type MountHost, runHostCommand } from './host-command.ts';
import { MountError } from './mount-error.ts';
import { checkAbsolute } from './mount-options.ts';

/** A device that does not answer within this time is in trouble. */
const probeTimeoutMs = 60_000;

/** File systems and partition tables write their marks within this distance of either end. */
const edgeBytes = 1024 * 1024;

/** blkid: nothing recognised, or the device could not be read. */
const blkidNothing = 2;
/** blkid: several signatures contradict each other. */
const blkidAmbivalent = 8;

/** What stands on a device. `fsType` may also be a member's mark: `LVM2_member`, `crypto_LUKS`, `linux_raid_member`. */
export type DeviceContent =
  | { readonly kind: 'fileSystem'; readonly fsType: string }
  | { readonly kind: 'partitions'; readonly table: string }
  | { readonly kind: 'ambivalent' }
  /** No signature. That alone does not say that the device is empty, nor that it could be read. */
  | { readonly kind: 'unrecognised' };

function parseExport(text: string): Map<string, string> {
  const pairs = text.split('\n').map((line): [string, string] => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)];
  });
  return new Map(pairs);
}

/** Looks for signatures with blkid, past its cache. */
export async function probeDevice(host: MountHost, device: string, signal?: AbortSignal): Promise<DeviceContent> {
  checkAbsolute(device, 'device');
  const { exitCode, stdout } = await runHostCommand(host, {
    command: 'blkid',
    args: ['--probe', '--match-tag', 'TYPE', '--match-tag', 'PTTYPE', '--output', 'export', device],
    timeoutMs: probeTimeoutMs,
    signal,
    answers: [blkidNothing, blkidAmbivalent],
  });
  if (exitCode === blkidAmbivalent) return { kind: 'ambivalent' };
  const tags = parseExport(stdout);
  const fsType = tags.get('TYPE');
  if (fsType) return { kind: 'fileSystem', fsType };
  const table = tags.get('PTTYPE');
  return table ? { kind: 'partitions', table } : { kind: 'unrecognised' };
}

/** The size of a block device in bytes. */
export async function getDeviceSizeBytes(host: MountHost, device: string, signal?: AbortSignal): Promise<number> {
  checkAbsolute(device, 'device');
  const args = ['--getsize64', device];
  const { stdout } = await runHostCommand(host, { command: 'blockdev', args, timeoutMs: probeTimeoutMs, signal });
  const size = Number(stdout.trim());
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new MountError('Unreadable', `${device} has no size: blockdev answered ${JSON.stringify(stdout.trim())}`);
  }
  return size;
}

/**
 * Whether the first and the last MiB were read in full and hold zeros only. A failed or short read is an `Unreadable`
 * MountError, never an answer. A child process reads, because a read from a dead device cannot be interrupted.
 */
export async function isBlank(host: MountHost, device: string, signal?: AbortSignal): Promise<boolean> {
  const sizeBytes = await getDeviceSizeBytes(host, device, signal);
  const length = Math.min(edgeBytes, sizeBytes);
  for (const offset of new Set([0, sizeBytes - length])) {
    if (!(await isZero(host, device, { offset, length }, signal))) return false;
  }
  return true;
}

async function isZero(
  host: MountHost,
  device: string,
  range: { readonly offset: number; readonly length: number },
  signal?: AbortSignal,
): Promise<boolean> {
  const { offset, length } = range;
  const flags = 'iflag=skip_bytes,count_bytes,fullblock';
  const args = [`if=${device}`, `bs=${edgeBytes}`, `skip=${offset}`, `count=${length}`, flags, 'status=none'];
  const { stdout } = await runHostCommand(host, {
    command: 'dd',
    args,
    timeoutMs: probeTimeoutMs,
    signal,
    outputLimitBytes: edgeBytes,
  });
  // Decoding as UTF-8 keeps zeros and makes no new ones; other bytes may change the length, but then it is not blank.
  const zeros = countLeadingZeros(stdout);
  if (zeros < stdout.length) return false;
  if (zeros !== length) {
    throw new MountError('Unreadable', `only ${zeros} of ${length} bytes at ${offset} of ${device} could be read`);
  }
  return true;
}

function countLeadingZeros(text: string): number {
  let count = 0;
  while (count < text.length && text.charCodeAt(count) === 0) count++;
  return count;
}
