/** Tells whether dist/ is newer than everything it is made from. Plain JavaScript for Node.js 18 and newer. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Written last by the build. */
export const stampName = '.built';

/** @param {string} path */
function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Whether a file below changed after the time. A deletion shows in the time of its directory. */
function hasChanged(directory, sinceMs) {
  if ((modifiedMs(directory) ?? 0) > sinceMs) return true;
  return readdirSync(directory, { withFileTypes: true }).some((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return hasChanged(path, sinceMs);
    return !entry.name.endsWith('.test.ts') && (modifiedMs(path) ?? 0) > sinceMs;
  });
}

/** @param {string} root the checkout */
export function isBuildFresh(root) {
  const builtMs = modifiedMs(join(root, 'dist', stampName));
  if (builtMs === undefined) return false;
  const inputs = ['package.json', 'package-lock.json', 'scripts/build.js', 'scripts/build-freshness.js'];
  if (inputs.some((input) => (modifiedMs(join(root, input)) ?? 0) > builtMs)) return false;
  return !hasChanged(join(root, 'src'), builtMs);
}
