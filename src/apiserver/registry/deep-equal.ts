type Properties = Readonly<Record<string, unknown>>;

/** Whether two JSON values are the same. A property that is undefined counts as absent; the order of keys does not count. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    return Array.isArray(left) && Array.isArray(right) && equalLists(left, right);
  }
  return equalProperties(left as Properties, right as Properties);
}

function equalLists(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (!deepEqual(left[index], right[index])) return false;
  return true;
}

function equalProperties(left: Properties, right: Properties): boolean {
  let shared = 0;
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    if (!Object.hasOwn(right, key) || !deepEqual(value, right[key])) return false;
    shared++;
  }
  let present = 0;
  for (const key of Object.keys(right)) if (right[key] !== undefined) present++;
  return shared === present;
}
