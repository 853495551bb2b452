/**
 * Compares two resourceVersions as Kubernetes defines them since 1.35: decimal integers. Works on the text, because an
 * int64 does not fit a double. Negative when `a` is older.
 */
export function compareRevisions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
