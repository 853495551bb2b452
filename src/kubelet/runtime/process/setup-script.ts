/**
 * The script that builds a container's root as process 1 of its namespaces, tells the shim over the control descriptor
 * how far it is, waits for what the shim has to add, and becomes the container's command. Pure: text in, text out.
 */

import { dirname, join } from 'node:path';
import { shellQuote } from '../../../base/index.ts';
import { controlFd } from './command-lines.ts';
import type { ContainerSpec } from './container-spec.ts';
import type { PlacedMount } from './mount-plan.ts';
import { toolsMountPath } from './tools.ts';

export interface SetupLayout {
  /** Holds `lower` (a link), `upper`, `work`, `rootfs`, `scratch` and `fstab`. */
  readonly containerDir: string;
  /** Where the root is built. */
  readonly rootfs: string;
  readonly deviceTemplateDir: string;
  /** Directories of the root that are to be there: the working directory, if the image lacks it. */
  readonly missingDirectories: readonly string[];
}

/** Ends what the shim sends after it has looked at the mounts. */
export const endMark = '#end';

/** Where the root is built when a volume shares its mounts with the host: below a mount that is made private first. */
export const privateRootfs = '/sys/kernel';

function makeTarget(rootfs: string, mount: { readonly source: string; readonly target: string }): string {
  const target = shellQuote(join(rootfs, mount.target));
  const parent = shellQuote(join(rootfs, dirname(mount.target)));
  return (
    `if [ -d ${shellQuote(mount.source)} ]; then mkdir -p -- ${target}; ` +
    `else mkdir -p -- ${parent}; [ -e ${target} ] || : >${target}; fi`
  );
}

function overlay(rootfs: string): string[] {
  const mount = (layer: string) =>
    `mount -t overlay -o nodev,lowerdir=lower,upperdir=${layer}upper,workdir=${layer}work overlay ${rootfs}`;
  // A root directory on overlay itself cannot hold an upper layer: what the container writes then stays in memory.
  return [
    `${mount('')} 2>/dev/null || { mount -t tmpfs -o mode=0755,nodev tmpfs scratch; mkdir scratch/upper scratch/work; ${mount('scratch/')}; }`,
  ];
}

function devices(rootfs: string, spec: ContainerSpec, layout: SetupLayout): string[] {
  const dev = `${rootfs}/dev`;
  if (spec.security.privileged) {
    return [
      `mount -t tmpfs -o nosuid,mode=0755,size=64k tmpfs ${dev}`,
      `cp -ax /dev/. ${dev}/`,
      `mkdir -p ${dev}/pts ${dev}/shm`,
    ];
  }
  return [
    `mount -t tmpfs -o nosuid,nodev,noexec,mode=0755,size=64k tmpfs ${dev}`,
    `cp -a ${shellQuote(layout.deviceTemplateDir)}/. ${dev}/`,
  ];
}

export function setupScript(spec: ContainerSpec, layout: SetupLayout, mounts: readonly PlacedMount[]): string {
  const shared = layout.rootfs === privateRootfs;
  const rootfs = shellQuote(layout.rootfs);
  const masked = spec.imageInfo.rootDir === '/' ? spec.maskedPaths : [];
  const ownTargets = mounts.filter((mount) => !mount.exists && !mount.parent);
  const directories = [toolsMountPath, 'proc', 'sys', 'dev', ...layout.missingDirectories];
  const targets = [...ownTargets, ...spec.devices];
  return [
    'set -e',
    'umask 022',
    // Errors of the setup go to the shim; the container's own standard error waits in descriptor 5.
    `exec 5>&2 2>&${controlFd}`,
    'read -r pid rest </proc/self/stat',
    `printf 'pid %s\\n' "$pid" >&${controlFd}`,
    `cd -- ${shellQuote(layout.containerDir)}`,
    ...(shared ? ['mount --make-private /sys'] : []),
    ...overlay(rootfs),
    `printf '%s\\n' ${shellQuote(spec.hostname)} >/proc/sys/kernel/hostname`,
    ...masked.map(
      (path) =>
        `mount -t tmpfs -o nosuid,nodev,noexec,mode=0755,size=64k tmpfs ${shellQuote(join(layout.rootfs, path))}`,
    ),
    `mkdir -p -- ${directories.map((path) => shellQuote(join(layout.rootfs, path))).join(' ')}`,
    ...devices(rootfs, spec, layout),
    ...targets.map((target) => makeTarget(layout.rootfs, target)),
    'mount -a -T fstab',
    `printf 'built\\n' >&${controlFd}`,
    'rest=',
    `while IFS= read -r line <&${controlFd} && [ "$line" != '${endMark}' ]; do rest="$rest$line`,
    '"; done',
    `[ "$line" = '${endMark}' ]`,
    `cd -- ${rootfs}`,
    'eval "$rest"',
    '',
  ].join('\n');
}

/** What the shim sends to let the container run. */
export function finishScript(commands: readonly string[], enterRoot: string): string {
  return [...commands, `exec 2>&5 5>&-`, `exec ${enterRoot}`, endMark, ''].join('\n');
}
