/**
 * Looks at a container's mount table before its command runs: every volume must be what was asked for, whatever links
 * or races lay in the way. Then says what is still to be done in its namespace. Pure.
 */

import { join } from 'node:path';
import { shellCommand } from '../../../base/index.ts';
import { isWithin, type MountPoint } from '../../../mount/index.ts';
import { ContainerRuntimeError } from '../runtime.ts';
import { identityOf, keptFlags, type PlacedMount } from './mount-plan.ts';

export interface MountCheck {
  readonly rootfs: string;
  readonly hostMounts: readonly MountPoint[];
  readonly containerMounts: readonly MountPoint[];
  readonly mounts: readonly PlacedMount[];
}

/** Throws `CreateFailed` when a volume is not the one that was declared, or not read-only although it must be. */
export function verifyMounts(check: MountCheck): void {
  for (const mount of check.mounts) {
    const target = join(check.rootfs, mount.target);
    const found = check.containerMounts.findLast((candidate) => candidate.path === target);
    if (!found) throw new ContainerRuntimeError('CreateFailed', `nothing is mounted at ${mount.target}`);
    if (mount.readOnly && !found.options.includes('ro')) {
      throw new ContainerRuntimeError('CreateFailed', `the mount at ${mount.target} is not read-only`);
    }
    if (!mount.verify) continue;
    const wanted = identityOf(check.hostMounts, mount.source);
    if (found.device !== wanted?.device || found.root !== wanted.root) {
      throw new ContainerRuntimeError(
        'CreateFailed',
        `the mount at ${mount.target} shows ${found.root} of ${found.device} and not its volume, ${wanted?.root} of ${wanted?.device}`,
      );
    }
  }
}

/** Mounts that the remaining steps need, or that hold nobody's storage. */
const keptPrefixes = ['/proc', '/sys', '/dev', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/nix', '/gnu'];

function isKept(mount: MountPoint, rootfs: string): boolean {
  return (
    isWithin(mount.path, rootfs) ||
    isWithin(rootfs, mount.path) ||
    keptPrefixes.some((prefix) => isWithin(prefix, mount.path))
  );
}

/**
 * The host's mounts as the new namespace has them, topmost only. As long as they are there, the host cannot get rid of
 * a volume that it unmounts: a device stays busy for as long as any container lives.
 */
function detachable(check: MountCheck): string[] {
  const candidates = check.containerMounts.filter((mount) => !isKept(mount, check.rootfs)).map((mount) => mount.path);
  return candidates.filter((path) => !candidates.some((other) => other !== path && isWithin(other, path)));
}

export interface FinishOptions {
  readonly readOnlyRootFilesystem: boolean;
  /** Some volume passes mounts on to the host, so the namespace began with the host's own propagation. */
  readonly shared: boolean;
}

/** The host may have removed a mount point meanwhile, and the kernel the mount with it: that is all that was wanted. */
function detachCommand(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  return [`${shellCommand(['umount', '--lazy', '--no-canonicalize', '--', ...paths])} 2>/dev/null || :`];
}

/** A remount sets all flags of a mount: those that it has are named again. */
function makeReadOnly({ path, options }: MountPoint): string[] {
  const flags = new Set(['remount', 'bind', 'ro', ...keptFlags.filter((flag) => options.includes(flag))]);
  return ['mount', '--no-canonicalize', '-o', [...flags].join(','), '--', path];
}

/** Commands that finish the mount namespace: run in it, before the root is changed. */
export function finishCommands(check: MountCheck, options: FinishOptions): string[] {
  const { rootfs, containerMounts } = check;
  const commands: string[][] = [];
  let detach: string[] = [];
  for (const mount of check.mounts.filter((candidate) => candidate.recursiveReadOnly)) {
    const target = join(rootfs, mount.target);
    const below = containerMounts.filter((found) => found.path !== target && isWithin(target, found.path));
    for (const found of below) commands.push(makeReadOnly(found));
  }
  const root = containerMounts.findLast((mount) => mount.path === rootfs);
  if (options.readOnlyRootFilesystem && root) commands.push(makeReadOnly(root));
  if (options.shared) {
    // To unmount here would unmount on the host. As slaves they follow the host instead.
    const shared = containerMounts.filter((mount) => mount.shared !== undefined && !isWithin(rootfs, mount.path));
    for (const { path } of shared) commands.push(['mount', '--no-canonicalize', '--make-slave', '--', path]);
  } else {
    detach = detachable(check);
  }
  const move = ['mount', '--no-canonicalize', '--move', '--', rootfs, '/'];
  return [...commands.map(shellCommand), ...detachCommand(detach), shellCommand(move)];
}
