/**
 * fsGroup: gives a volume's files to a group. Runs after the volume is mounted and before containers start. Only
 * inodes of the volume's own file system are touched: links are not followed, mounts inside are not entered, and
 * devices are left alone. The root goes last, so that OnRootMismatch can take a finished root for a finished tree.
 *
 * Upstream: pkg/volume/volume_linux.go.
 */
import { constants, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../api/index.ts';
import { type Clock, errnoOf, type Fs, throwIfAborted } from '../base/index.ts';

/** Group and owner may read and write; of a read-only volume only read. */
const readWriteMask = 0o660;
const readOnlyMask = 0o440;
/** Directories are also entered and hand their group on. */
const executeMask = 0o110;
const setGid = 0o2000;
const permissionBits = 0o7777;

/** O_PATH of Linux, which node does not name: a handle on the inode itself, whatever its permissions. */
const openPathOnly = 0o10000000;

/** The first event about a slow change, and the time between the following ones. */
const firstReportMs = 30_000;
const reportPeriodMs = 60_000;
/** Entries of a directory that are worked on at a time: more only queues in the thread pool. */
const parallelEntries = 8;
/** Directories deeper than this are refused instead of exhausting the stack. */
const maxDepth = 4096;

export interface VolumeOwnershipRequest {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly path: string;
  readonly fsGroup: number;
  /** `Always` when absent. */
  readonly fsGroupChangePolicy?: string | undefined;
  readonly readOnly: boolean;
  readonly pod: Pod;
  /** Mount points below the path: not entered. */
  readonly mountPointsBelow: ReadonlySet<string>;
  readonly report: (message: string) => void;
}

/** The permission bits an entry must have; what it has beyond them stays. */
export function ownedMode(stat: Pick<Stats, 'mode' | 'isDirectory'>, readOnly: boolean): number {
  const mask = readOnly ? readOnlyMask : readWriteMask;
  return (stat.mode & permissionBits) | (stat.isDirectory() ? mask | executeMask | setGid : mask);
}

/** Whether OnRootMismatch must walk: the root has another group, too few permissions, or no setgid bit. */
export function rootMismatches(root: Stats, fsGroup: number, readOnly: boolean): boolean {
  const wanted = (readOnly ? readOnlyMask : readWriteMask) | executeMask;
  return root.gid !== fsGroup || (root.mode & wanted) !== wanted || (root.mode & setGid) === 0;
}

export async function setVolumeOwnership(request: VolumeOwnershipRequest, signal?: AbortSignal): Promise<void> {
  const { fs, path, fsGroup, readOnly } = request;
  const root = await fs.lstat(path);
  if (request.fsGroupChangePolicy === 'OnRootMismatch' && !rootMismatches(root, fsGroup, readOnly)) return;
  const walk: Walk = { request, signal, device: root.dev, changed: 0 };
  using progress = reportProgress(walk);
  void progress;
  await changeTree(walk, path, root, 0);
}

interface Walk {
  readonly request: VolumeOwnershipRequest;
  readonly signal: AbortSignal | undefined;
  readonly device: number;
  changed: number;
}

async function changeTree(walk: Walk, path: string, stat: Stats, depth: number): Promise<void> {
  throwIfAborted(walk.signal);
  if (stat.isDirectory() && depth < maxDepth) await changeEntries(walk, path, depth);
  await changeInode(walk, path, stat);
}

async function changeEntries(walk: Walk, path: string, depth: number): Promise<void> {
  const { fs, mountPointsBelow } = walk.request;
  const pending = (await fs.readdir(path)).map((name) => join(path, name)).reverse();
  const work = async () => {
    for (let child = pending.pop(); child !== undefined; child = pending.pop()) {
      if (mountPointsBelow.has(child)) continue;
      const stat = await lstatIfThere(fs, child);
      if (!stat || stat.dev !== walk.device) continue;
      await changeTree(walk, child, stat, depth + 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelEntries, pending.length) }, work));
}

/** Other pods may use the volume meanwhile: entries come and go. */
async function lstatIfThere(fs: Fs, path: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(path);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function changeInode(walk: Walk, path: string, stat: Stats): Promise<void> {
  const { fs, fsGroup, readOnly } = walk.request;
  walk.changed++;
  if (stat.isBlockDevice() || stat.isCharacterDevice()) return;
  const mode = ownedMode(stat, readOnly);
  const hasGroup = stat.gid === fsGroup;
  if (stat.isSymbolicLink()) {
    if (!hasGroup) await ignoreMissing(fs.lchown(path, stat.uid, fsGroup));
    return;
  }
  if (hasGroup && mode === (stat.mode & permissionBits)) return;
  // lchown clears the setgid bit of files, so the mode comes after it.
  if (!hasGroup) await ignoreMissing(fs.lchown(path, stat.uid, fsGroup));
  await chmodInode(walk, path, stat, mode);
}

/** chmod follows links: through a handle on the inode that was looked at it cannot be led astray. */
async function chmodInode(walk: Walk, path: string, stat: Stats, mode: number): Promise<void> {
  const { fs } = walk.request;
  const file = await fs.open(path, openPathOnly | constants.O_NOFOLLOW).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  });
  if (!file) return;
  try {
    const now = await file.stat();
    if (now.ino !== stat.ino || now.dev !== stat.dev) return;
    await fs.chmod(`/proc/self/fd/${file.fd}`, mode);
  } finally {
    await file.close();
  }
}

async function ignoreMissing(call: Promise<void>): Promise<void> {
  await call.catch((thrown: unknown) => {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  });
}

function reportProgress(walk: Walk): Disposable {
  const { clock, path, pod, report } = walk.request;
  const at = path.indexOf(pod.metadata.uid);
  const shown = at < 0 ? path : path.slice(at);
  const periodic = () => {
    report(`Setting volume ownership for ${shown}, processed ${walk.changed} files.`);
    timer = clock.setTimer(reportPeriodMs, periodic);
  };
  let timer = clock.setTimer(firstReportMs, () => {
    report(
      `Setting volume ownership for ${shown} is taking longer than expected, consider using OnRootMismatch - ` +
        'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/' +
        '#configure-volume-permission-and-ownership-change-policy-for-pods',
    );
    timer = clock.setTimer(reportPeriodMs, periodic);
  });
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
