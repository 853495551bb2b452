/** Whether two decoded JSON values are the same. A property that is undefined counts as absent. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => isEqual(item, right[index]));
  }
  return isSubset(left, right) && isSubset(right, left);
}

function isSubset(inner: object, outer: object): boolean {
  return Object.entries(inner).every(([key, value]) => {
    const other: unknown = Object.hasOwn(outer, key) ? Reflect.get(outer, key) : undefined;
    return isEqual(value, other);
  });
}

/** Names the properties that differ, one line each, for the messages that tell what may not change. */
export function describeChange(before: object, after: object): string {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const lines: string[] = [];
  for (const key of keys) {
    const was: unknown = Reflect.get(before, key);
    const is: unknown = Reflect.get(after, key);
    if (isEqual(was, is)) continue;
    if (was !== undefined) lines.push(`- \t${key}: ${JSON.stringify(was)},`);
    if (is !== undefined) lines.push(`+ \t${key}: ${JSON.stringify(is)},`);
  }
  return lines.join('\n');
}
