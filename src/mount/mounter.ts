/**
 * Mounts and unmounts through mount(8) and umount(8), and asks the mount table. The kubelet, the volume plugins and
 * the bundled drivers call it. It never touches what is behind a mount point in this process: a dead server would hang it.
 */
import { basename, dirname, join } from 'node:path';
import { ifExists } from '../base/index.ts';
import { type MountHost, runHostCommand } from './host-command.ts';
import { MountError } from './mount-error.ts';
import { checkAbsolute, checkFsType, checkOption, findBindOptions, normalPath } from './mount-options.ts';
import { findMountRefs, isWithin, listMounts, type MountPoint } from './mountinfo.ts';

export interface MountRequest {
  readonly source: string;
  /** An existing absolute path. */
  readonly target: string;
  readonly fsType?: string | undefined;
  /** One option per element. `bind` or `rbind` with flags is done in two calls, as the kernel asks. */
  readonly options?: readonly string[] | undefined;
  /** Options that must not appear in errors. */
  readonly sensitiveOptions?: readonly string[] | undefined;
  /** Makes every mount below the target of an `rbind` read-only too. */
  readonly recursiveReadOnly?: boolean | undefined;
}

export interface UnmountOptions {
  /** Gives up on an unreachable server (`umount --force`). */
  readonly force?: boolean;
  /** Detaches the name now and cleans up when the mount is no longer in use. */
  readonly lazy?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Propagation = 'shared' | 'slave' | 'private';

/** Every method rejects with a MountError. */
export interface Mounter {
  mount(request: MountRequest, signal?: AbortSignal): Promise<void>;
  /** `NotMounted` when nothing is mounted there. Takes off one mount of a stack. */
  unmount(target: string, options?: UnmountOptions): Promise<void>;
  /** By the mount table, so bind mounts count. False for a path that does not exist. */
  isMountPoint(path: string): Promise<boolean>;
  /** By device number: one system call, but true for a bind mount within one file system. `NotFound` when missing. */
  isLikelyNotMountPoint(path: string): Promise<boolean>;
  /** The other places where the directory that shows at the path is mounted. */
  getMountRefs(path: string): Promise<string[]>;
  listMounts(): Promise<readonly MountPoint[]>;
  makeRShared(target: string): Promise<void>;
  makeRSlave(target: string): Promise<void>;
  makeRPrivate(target: string): Promise<void>;
}

/** A mount of a network file system tries for long; upstream gives a volume operation about two minutes. */
const mountTimeoutMs = 110_000;
/** Unmounting writes back what is dirty. */
const unmountTimeoutMs = 110_000;

/** Flags of a mount that a remount clears unless they are named again. */
const keptFlags = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime', 'nosymfollow']);

/** Paths that name an open file: mount(8) must hand them to the kernel as they are, and not the text they resolve to. */
const handlePattern = /^\/proc\/(self|\d+)\/fd\/\d+$/;

/** The path with its directory resolved. The last component is not touched, for it may be a dead mount. */
export async function canonicalPath(host: Pick<MountHost, 'fs'>, path: string): Promise<string | undefined> {
  const trimmed = normalPath(path);
  if (trimmed === '/') return trimmed;
  const directory = await ifExists(host.fs.realpath(dirname(trimmed)));
  return directory === undefined ? undefined : join(directory, basename(trimmed));
}

export function createMounter(host: MountHost): Mounter {
  return new HostMounter(host);
}

class HostMounter implements Mounter {
  readonly #host: MountHost;

  constructor(host: MountHost) {
    this.#host = host;
  }

  async mount(request: MountRequest, signal?: AbortSignal): Promise<void> {
    const { source, target, fsType, options = [], sensitiveOptions = [] } = request;
    checkAbsolute(target, 'target');
    if (source === '' || source.includes('\0')) throw new MountError('Invalid', 'the source of a mount is empty');
    for (const option of [...options, ...sensitiveOptions]) checkOption(option);
    if (fsType) checkFsType(fsType);
    const bind = findBindOptions(options);
    if (bind) {
      await this.#bind(request, bind.verb, bind.flags, signal);
      return;
    }
    const all = [...options, ...sensitiveOptions];
    const args = [...(fsType ? ['-t', fsType] : []), ...(all.length > 0 ? ['-o', all.join(',')] : [])];
    await this.#mount([...args, '--', source, target], signal, sensitiveOptions);
  }

  async #bind(request: MountRequest, verb: string, flags: readonly string[], signal?: AbortSignal): Promise<void> {
    const { source, target } = request;
    const verbatim = handlePattern.test(source) ? ['--no-canonicalize'] : [];
    await this.#mount([...verbatim, '-o', verb, '--', source, target], signal);
    if (flags.length === 0 && !request.recursiveReadOnly) return;
    try {
      await this.#setFlags(target, flags, request.recursiveReadOnly ?? false, signal);
    } catch (thrown) {
      // A volume that was to be read-only must not stay behind writable.
      await this.#umount(target, verb === 'rbind' ? ['--recursive'] : []).catch(() => {});
      throw thrown;
    }
  }

  async #setFlags(target: string, flags: readonly string[], recursive: boolean, signal?: AbortSignal): Promise<void> {
    const path = await canonicalPath(this.#host, target);
    const mounts = await this.listMounts();
    const top = path === undefined ? undefined : mounts.findLast((mount) => mount.path === path);
    if (path === undefined || !top)
      throw new MountError('NotMounted', `nothing is mounted at ${target} after its bind`);
    await this.#remount(top, flags, signal);
    if (!recursive) return;
    for (const below of mounts.filter((mount) => mount !== top && isWithin(path, mount.path) && mount.path !== path)) {
      await this.#remount(below, ['ro'], signal);
    }
  }

  async #remount(mount: MountPoint, flags: readonly string[], signal?: AbortSignal): Promise<void> {
    const kept = mount.options.filter((option) => keptFlags.has(option));
    const options = ['remount', 'bind', ...kept, ...flags];
    await this.#mount(['--no-canonicalize', '-o', options.join(','), '--', mount.path], signal);
  }

  async #mount(args: readonly string[], signal?: AbortSignal, sensitive: readonly string[] = []): Promise<void> {
    await runHostCommand(this.#host, { command: 'mount', args, timeoutMs: mountTimeoutMs, signal, sensitive });
  }

  async unmount(target: string, options: UnmountOptions = {}): Promise<void> {
    const flags = [...(options.force ? ['--force'] : []), ...(options.lazy ? ['--lazy'] : [])];
    const path = await canonicalPath(this.#host, target);
    if (path === undefined)
      throw new MountError('NotMounted', `nothing is mounted at ${target}: its directory is missing`);
    await this.#umount(path, flags, options.signal);
  }

  async #umount(path: string, flags: readonly string[], signal?: AbortSignal): Promise<void> {
    // umount(8) would look behind the mount point to resolve the path.
    const args = ['--no-canonicalize', ...flags, '--', path];
    await runHostCommand(this.#host, { command: 'umount', args, timeoutMs: unmountTimeoutMs, signal });
  }

  async isMountPoint(path: string): Promise<boolean> {
    const mounts = await this.listMounts();
    if (mounts.some((mount) => mount.path === path)) return true;
    const canonical = await canonicalPath(this.#host, path);
    return canonical !== undefined && mounts.some((mount) => mount.path === canonical);
  }

  async isLikelyNotMountPoint(path: string): Promise<boolean> {
    checkAbsolute(path, 'path');
    try {
      const [self, parent] = await Promise.all([this.#host.fs.lstat(path), this.#host.fs.lstat(dirname(path))]);
      return self.dev === parent.dev && path !== '/';
    } catch (thrown) {
      throw MountError.from(thrown, `cannot tell whether ${path} is a mount point`);
    }
  }

  async getMountRefs(path: string): Promise<string[]> {
    const canonical = await canonicalPath(this.#host, path);
    return canonical === undefined ? [] : findMountRefs(await this.listMounts(), canonical);
  }

  listMounts(): Promise<readonly MountPoint[]> {
    return listMounts(this.#host.fs);
  }

  makeRShared(target: string): Promise<void> {
    return this.#propagate(target, 'shared');
  }

  makeRSlave(target: string): Promise<void> {
    return this.#propagate(target, 'slave');
  }

  makeRPrivate(target: string): Promise<void> {
    return this.#propagate(target, 'private');
  }

  async #propagate(target: string, propagation: Propagation): Promise<void> {
    checkAbsolute(target, 'target');
    await this.#mount([`--make-r${propagation}`, '--', target]);
  }
}
