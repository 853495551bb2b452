/** A short name for a template: the same for the same template, whatever the order of its fields. */

/** No vowels and no look-alikes. */
const hashAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

/** FNV-1, 32 bits. */
function fnv32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return hash;
}

/** `collisionCount` tells apart different values that have one hash. */
export function hashOf(value: unknown, collisionCount: number): string {
  const decimal = String(fnv32(`${canonicalText(value)}${collisionCount > 0 ? collisionCount : ''}`));
  return [...decimal].map((digit) => hashAlphabet[digit.charCodeAt(0) % hashAlphabet.length]).join('');
}
