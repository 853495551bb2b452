/**
 * Freezes a plain value and everything in it, and returns it. An object that is frozen already is taken to be frozen
 * to its leaves, so sharing a frozen object costs nothing.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
