/** Decides where everything that shows in a container is mounted. Pure: paths in, lines of a mount table out. */
import { join, relative } from 'node:path';
import { findContainingMount, isWithin, type MountPoint } from '../../../mount/index.ts';
import { type ContainerMount, ContainerRuntimeError } from '../runtime.ts';
import type { FstabEntry } from './fstab.ts';
import { toolsMountPath } from './tools.ts';

/** A mount whose target has been found in the root: no links in it. */
export interface PlacedMount extends ContainerMount {
  readonly exists: boolean;
  /** The mount that covers the target's directory: it must hold the target itself. */
  readonly parent: ContainerMount | undefined;
}

/** Puts outer mounts before those inside them. */
export function placeMounts(mounts: readonly (ContainerMount & { readonly exists: boolean })[]): PlacedMount[] {
  const sorted = [...mounts].sort((left, right) => left.target.length - right.target.length);
  return sorted.map((mount, index) => {
    const covering = sorted.slice(0, index).findLast((outer) => isWithin(outer.target, mount.target));
    if (covering?.target === mount.target) {
      throw new ContainerRuntimeError('CreateFailed', `two volumes are mounted at ${mount.target}`);
    }
    if (isWithin(toolsMountPath, mount.target) || mount.target === '/') {
      throw new ContainerRuntimeError('CreateFailed', `nothing can be mounted at ${mount.target}`);
    }
    return { ...mount, parent: covering };
  });
}

/** Flags that a bind mount has from its source and would lose when another flag is set. */
export const keptFlags: readonly string[] = ['ro', 'nosuid', 'nodev', 'noexec', 'nosymfollow'];

function bindOptions(mount: ContainerMount, hostMounts: readonly MountPoint[], privileged: boolean): string[] {
  const source = findContainingMount(hostMounts, mount.source);
  const flags = new Set(keptFlags.filter((flag) => source?.options.includes(flag)));
  if (mount.readOnly) flags.add('ro');
  // What Docker's device control group does: a device node that the container makes in a volume opens no device.
  if (!privileged) flags.add('nodev');
  return ['rbind', ...flags, `r${mount.propagation}`];
}

export interface RootTableOptions {
  readonly rootfs: string;
  readonly toolsDir: string;
  readonly privileged: boolean;
  /** Host paths of /dev nodes that every container has. */
  readonly deviceNodes: readonly string[];
}

const hiddenProcFiles = ['kcore', 'keys', 'timer_list', 'latency_stats', 'sched_debug'];
const readOnlyProcDirs = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'];

/** Kernel file systems, devices and the tools. `present` tells which entries of /proc this kernel has. */
export function rootTable(options: RootTableOptions, present: (procEntry: string) => boolean): FstabEntry[] {
  const { rootfs, privileged } = options;
  const at = (path: string) => join(rootfs, path);
  const bind = (source: string, target: string, flags: readonly string[]) => ({
    source,
    target: at(target),
    type: 'none',
    options: ['bind', ...flags],
  });
  const kernel: FstabEntry[] = [
    { source: 'proc', target: at('/proc'), type: 'proc', options: ['nosuid', 'nodev', 'noexec'] },
    {
      source: 'sysfs',
      target: at('/sys'),
      type: 'sysfs',
      options: [privileged ? 'rw' : 'ro', 'nosuid', 'nodev', 'noexec'],
    },
    {
      source: 'devpts',
      target: at('/dev/pts'),
      type: 'devpts',
      options: ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5', 'nosuid', 'noexec'],
    },
    {
      source: 'shm',
      target: at('/dev/shm'),
      type: 'tmpfs',
      options: ['nosuid', 'nodev', 'noexec', 'mode=1777', 'size=64m'],
    },
    bind(options.toolsDir, toolsMountPath, ['ro', 'nosuid', 'nodev']),
  ];
  if (privileged) return kernel;
  return [
    ...kernel,
    ...options.deviceNodes.map((node) => bind(node, node, [])),
    ...hiddenProcFiles.filter(present).map((name) => bind('/dev/null', `/proc/${name}`, [])),
    ...readOnlyProcDirs.filter(present).map((name) => ({
      source: at(`/proc/${name}`),
      target: at(`/proc/${name}`),
      type: 'none',
      options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'],
    })),
  ];
}

export function volumeTable(
  rootfs: string,
  mounts: readonly PlacedMount[],
  hostMounts: readonly MountPoint[],
  privileged: boolean,
): FstabEntry[] {
  return mounts.map((mount) => ({
    source: mount.source,
    target: join(rootfs, mount.target),
    type: 'none',
    options: bindOptions(mount, hostMounts, privileged),
  }));
}

/** Which directory of which file system a host path shows. */
export function identityOf(
  mounts: readonly MountPoint[],
  path: string,
): { readonly device: string; readonly root: string } | undefined {
  const mount = findContainingMount(mounts, path);
  return mount && { device: mount.device, root: join(mount.root, relative(mount.path, path)) };
}
