/** Checks of requests: what they miss or ask for in vain is refused before anything is done. */
import { AccessMode, type CapacityRange, Code, CsiError, type VolumeCapability } from '../../csi/index.ts';
import type { AccessType } from './records.ts';

/** The specification's limit on strings. */
const longestNameBytes = 128;

/** What a volume gets when the request names no size. */
const defaultSizeBytes = 1n << 30n;

export function invalid(desc: string): CsiError {
  return new CsiError(Code.INVALID_ARGUMENT, desc);
}

/** Refuses an empty field: `Volume ID missing in request`. */
export function requireField(value: string, what: string): string {
  if (value === '') throw invalid(`${what} missing in request`);
  return value;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the specification bans them from names
const bannedCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

export function requireName(name: string): string {
  requireField(name, 'Name');
  if (Buffer.byteLength(name) > longestNameBytes || bannedCharacters.test(name)) {
    throw invalid(`Name is longer than ${longestNameBytes} bytes or holds control characters`);
  }
  return name;
}

/** An absolute path without a NUL. What lies there is the caller's business. */
export function requirePath(path: string, what: string): string {
  requireField(path, what);
  if (!path.startsWith('/') || path.includes('\0')) throw invalid(`${what} is not an absolute path`);
  return path;
}

export function requireCapability(capability: VolumeCapability | undefined): VolumeCapability {
  if (!capability) throw invalid('Volume capability missing in request');
  if (capability.accessType.case === undefined)
    throw invalid('cannot have both mount and block access type be undefined');
  if ((capability.accessMode?.mode ?? AccessMode.UNKNOWN) === AccessMode.UNKNOWN) {
    throw invalid('Volume capability has no access mode');
  }
  return capability;
}

export function accessTypeOf(capability: VolumeCapability): AccessType {
  return capability.accessType.case === 'block' ? 'block' : 'mount';
}

/** The one access type that all capabilities ask for. */
export function requireAccessType(capabilities: readonly VolumeCapability[]): AccessType {
  if (capabilities.length === 0) throw invalid('Volume Capabilities missing in request');
  const types = new Set(capabilities.map((capability) => accessTypeOf(requireCapability(capability))));
  if (types.size > 1) throw invalid('cannot have both block and mount access type');
  return types.has('block') ? 'block' : 'mount';
}

export interface SizeRange {
  /** What to make. */
  readonly sizeBytes: bigint;
  /** 0 when there is none. */
  readonly limitBytes: bigint;
  readonly requiredBytes: bigint;
}

export function readSizeRange(range: CapacityRange | undefined): SizeRange {
  const requiredBytes = range?.requiredBytes ?? 0n;
  const limitBytes = range?.limitBytes ?? 0n;
  if (requiredBytes < 0n || limitBytes < 0n) throw invalid('cannot have negative capacity');
  if (limitBytes > 0n && requiredBytes > limitBytes) throw invalid('capacity cannot exceed limit');
  const fallback = limitBytes > 0n && limitBytes < defaultSizeBytes ? limitBytes : defaultSizeBytes;
  return { sizeBytes: requiredBytes > 0n ? requiredBytes : fallback, limitBytes, requiredBytes };
}

/** A page of records in the order of their ids, from after the token; with the next token, empty on the last page. */
export function page<T extends { readonly id: string }>(
  records: readonly T[],
  maxEntries: number,
  startingToken: string,
): { readonly entries: readonly T[]; readonly nextToken: string } {
  if (maxEntries < 0) throw invalid('max_entries cannot be negative');
  const after = records.filter(({ id }) => id > startingToken).sort((a, b) => (a.id < b.id ? -1 : 1));
  const entries = maxEntries > 0 ? after.slice(0, maxEntries) : after;
  return { entries, nextToken: entries.length < after.length ? (entries.at(-1)?.id ?? '') : '' };
}
