import { UsageError } from '../../base/index.ts';

const multipliers: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
};

/** Bytes of a whole Kubernetes quantity such as `1Ti` or `500M`. Throws a UsageError that names the flag. */
export function parseBytes(flag: string, text: string): bigint {
  const match = /^(\d+)([A-Za-z]*)$/.exec(text);
  const multiplier = multipliers[match?.[2] ?? '-'];
  if (!match || multiplier === undefined) throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a quantity`);
  return BigInt(match[1] ?? '') * multiplier;
}
