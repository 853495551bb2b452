/** How much storage of a kind is left, and which kind a new volume takes. Pure. */
import { Code, CsiError } from '../../csi/index.ts';
import { invalid } from './checks.ts';
import type { HostpathConfig } from './config.ts';

type Limits = Pick<HostpathConfig, 'capacity' | 'maxVolumeSizeBytes'>;

/** Bytes of the kind that volumes take. */
export type Usage = (kind: string) => bigint;

/** What GetCapacity answers for the kind. */
export function availableBytes(limits: Limits, used: Usage, kind: string): bigint {
  if (limits.capacity.size === 0) return limits.maxVolumeSizeBytes;
  const left = (limits.capacity.get(kind) ?? 0n) - used(kind);
  return left > 0n ? left : 0n;
}

/** The largest volume of the kind that can be made now. */
export function largestBytes(limits: Limits, used: Usage, kind: string): bigint {
  const available = availableBytes(limits, used, kind);
  if (available > limits.maxVolumeSizeBytes) return limits.maxVolumeSizeBytes;
  return available;
}

/** OutOfRange for a size that no volume may have. */
export function checkMaximumSize(sizeBytes: bigint, maximumBytes: bigint): void {
  if (sizeBytes <= maximumBytes) return;
  throw new CsiError(Code.OUT_OF_RANGE, `Requested capacity ${sizeBytes} exceeds maximum allowed ${maximumBytes}`);
}

/** ResourceExhausted when the kind has not so much left. */
export function checkAvailable(limits: Limits, used: Usage, kind: string, bytes: bigint): void {
  if (limits.capacity.size === 0 || bytes <= availableBytes(limits, used, kind)) return;
  const total = limits.capacity.get(kind) ?? 0n;
  throw new CsiError(
    Code.RESOURCE_EXHAUSTED,
    `requested capacity ${bytes} exceeds remaining capacity for ${JSON.stringify(kind)}, ${used(kind)} out of ${total} already used`,
  );
}

/** The kind of a new volume: the one asked for, else one that has room. Throws when there is none. */
export function chooseKind(limits: Limits, used: Usage, asked: string, sizeBytes: bigint): string {
  checkMaximumSize(sizeBytes, limits.maxVolumeSizeBytes);
  if (limits.capacity.size === 0) {
    if (asked === '') return '';
    throw invalid(`capacity tracking disabled, specifying kind ${JSON.stringify(asked)} is invalid`);
  }
  if (asked !== '' && !limits.capacity.has(asked)) throw invalid(`unknown kind ${JSON.stringify(asked)}`);
  const fits = (kind: string) => sizeBytes <= availableBytes(limits, used, kind);
  const kind = asked === '' ? [...limits.capacity.keys()].find(fits) : asked;
  if (kind === undefined) {
    throw new CsiError(Code.RESOURCE_EXHAUSTED, `requested capacity ${sizeBytes} exceeds what any kind has left`);
  }
  checkAvailable(limits, used, kind, sizeBytes);
  return kind;
}
