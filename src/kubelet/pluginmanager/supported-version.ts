/** Versions of the CSI protocol that a driver announces at registration. */

export interface SupportedVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const pattern = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/;

function parse(text: string): SupportedVersion | undefined {
  const match = pattern.exec(text.trim());
  if (!match) return undefined;
  const [, major, minor, patch = '0'] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

export function compareVersions(left: SupportedVersion, right: SupportedVersion): number {
  return left.major - right.major || left.minor - right.minor || left.patch - right.patch;
}

/** The highest of the versions that this agent speaks (1.x), or undefined. */
export function highestSupportedVersion(versions: readonly string[]): SupportedVersion | undefined {
  return versions
    .map(parse)
    .filter((version) => version !== undefined)
    .filter((version) => version.major === 1)
    .sort(compareVersions)
    .at(-1);
}

export function formatVersion({ major, minor, patch }: SupportedVersion): string {
  return `${major}.${minor}.${patch}`;
}
