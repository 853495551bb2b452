/** Whether a resourceVersion is newer: decimal integers, compared as text because an int64 does not fit a double. */
export function isNewerVersion(version: string, than: string): boolean {
  return version.length === than.length ? version > than : version.length > than.length;
}
