/** What a test needs from the host, and temporary directories that are unmounted and removed whatever happens. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe } from 'vitest';
import { parseMountinfo } from '../../src/mount/index.ts';

export interface HostNeeds {
  readonly root?: boolean;
  readonly commands?: readonly string[];
  /** Device nodes or files that must be there. */
  readonly files?: readonly string[];
}

const searchPath = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];

function canAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** What is missing on this host, in words; undefined when nothing is. */
export function findMissing(needs: HostNeeds): string | undefined {
  if (needs.root && process.getuid?.() !== 0) return 'needs root';
  const command = needs.commands?.find((name) => !searchPath.some((dir) => canAccess(join(dir, name), constants.X_OK)));
  if (command) return `needs the command ${command}`;
  const file = needs.files?.find((path) => !canAccess(path, constants.F_OK));
  return file && `needs ${file}`;
}

/** A describe block that is skipped, with the reason in its title, on a host that lacks something. */
export function describeOnHost(title: string, needs: HostNeeds, body: () => void): void {
  const missing = findMissing(needs);
  if (missing) describe.skip(`${title} (skipped: ${missing})`, body);
  else describe(title, body);
}

function unmountBelow(directory: string): void {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  for (const mount of mounts.toReversed()) {
    if (mount.path.startsWith(`${directory}/`)) execFileSync('umount', ['--lazy', '--', mount.path]);
  }
}

/** Detaches loop devices on files of the directory, which may be deleted already. */
function detachLoops(directory: string): void {
  if (process.getuid?.() !== 0) return;
  const lines = execFileSync('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE'], {
    encoding: 'utf8',
  });
  for (const line of lines.split('\n')) {
    const [device, file] = line.split(' ');
    if (device && file?.startsWith(`${directory}/`)) execFileSync('losetup', ['--detach', device]);
  }
}

const created: string[] = [];

/** A new directory that goes after the test, with mounts and loop devices in it. Call it inside a test or hook. */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'stowage-test-')));
  created.push(directory);
  return directory;
}

/** Registers the removal of temporary directories. Call once per test file that makes them. */
export function removeTemporaryDirectories(): void {
  afterEach(() => {
    for (const directory of created.splice(0)) {
      unmountBelow(directory);
      detachLoops(directory);
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
