/**
 * What a machine holds that a run could leave behind: mounts, loop devices, processes, sockets, files. Knows nothing
 * of the product: it compares two pictures of the world.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface World {
  readonly mounts: readonly string[];
  readonly loopDevices: readonly string[];
  readonly processes: readonly string[];
  readonly sockets: readonly string[];
  readonly files: readonly string[];
}

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').slice(3, 6).join(' '))
    .sort();
}

function loopDevices(): string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .flatMap((name) => {
      try {
        return [`${name} ${readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim()}`];
      } catch {
        // No backing file: the device is free.
        return [];
      }
    });
}

/** Processes by command line; kernel threads have none. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')[0];
        return command && state !== 'Z' ? [`${pid} ${command}`] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

function sockets(below: string): string[] {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.split(' ').at(-1) ?? '')
    .filter((path) => path.startsWith(below))
    .sort();
}

function files(directory: string, ignored: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const visit = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (ignored.has(child)) continue;
      found.push(entry.isSymbolicLink() ? `${child} -> ${readlinkSync(child)}` : child);
      if (entry.isDirectory()) visit(child);
    }
  };
  visit(directory);
  return found.sort();
}

export function lookAtWorld(directory: string, ignored: ReadonlySet<string> = new Set()): World {
  return {
    mounts: mounts(),
    loopDevices: loopDevices(),
    processes: processes(),
    sockets: sockets(directory),
    files: files(directory, ignored),
  };
}

/** What is in the second picture and not in the first, per aspect; an empty object when nothing is left behind. */
export function leftBehind(before: World, after: World): Partial<Record<keyof World, readonly string[]>> {
  const left: Partial<Record<keyof World, readonly string[]>> = {};
  for (const aspect of ['mounts', 'loopDevices', 'processes', 'sockets', 'files'] as const) {
    const known = new Map<string, number>();
    for (const item of before[aspect]) known.set(item, (known.get(item) ?? 0) + 1);
    const extra = after[aspect].filter((item) => {
      const count = known.get(item) ?? 0;
      known.set(item, count - 1);
      return count <= 0;
    });
    if (extra.length > 0) left[aspect] = extra;
  }
  return left;
}
