/**
 * A mount table in memory for tests in virtual time: the same interface as the kernel's, the same errors, and nothing
 * on the host is touched. Every change is counted and can be made to fail.
 */
import { MountError } from './mount-error.ts';
import { checkFsType, checkOption, findBindOptions, normalPath } from './mount-options.ts';
import type { Mounter, MountRequest, Propagation, UnmountOptions } from './mounter.ts';
import { findContainingMount, findMountRefs, isWithin, type MountPoint } from './mountinfo.ts';

export interface FakeMountCall {
  readonly verb: 'mount' | 'unmount';
  readonly source?: string;
  readonly target: string;
}

/** Runs before a change; throwing makes the change fail, waiting delays it. */
export type FakeMountHook = (call: FakeMountCall) => void | Promise<void>;

const rootMount: MountPoint = {
  mountId: 1,
  parentId: 0,
  device: '8:1',
  root: '/',
  rootDeleted: false,
  path: '/',
  options: ['rw', 'relatime'],
  shared: 1,
  master: undefined,
  fsType: 'ext4',
  source: '/dev/sda1',
  superOptions: ['rw'],
};

export class FakeMounter implements Mounter {
  /** Every mount and unmount that was carried out, in order. */
  readonly calls: FakeMountCall[] = [];
  #hook: FakeMountHook | undefined;
  #mounts: MountPoint[] = [rootMount];
  #nextId = 2;

  /** Intercepts every later change; undefined takes the interception back. */
  intercept(hook: FakeMountHook | undefined): void {
    this.#hook = hook;
  }

  /** What is mounted besides the root: for the assertion that nothing is left. */
  get mounted(): readonly MountPoint[] {
    return this.#mounts.filter((mount) => mount !== rootMount);
  }

  async mount(request: MountRequest, signal?: AbortSignal): Promise<void> {
    const { source, fsType, options = [] } = request;
    for (const option of options) checkOption(option);
    if (fsType) checkFsType(fsType);
    const call: FakeMountCall = { verb: 'mount', source, target: normalPath(request.target) };
    await this.#hook?.(call);
    signal?.throwIfAborted();
    this.calls.push(call);
    if (options.includes('remount')) this.#replace(call.target, (mount) => ({ ...mount, options: flagsOf(options) }));
    else this.#mounts.push(this.#created(request, call.target));
  }

  #created(request: MountRequest, path: string): MountPoint {
    const { source, fsType = 'none', options = [] } = request;
    const mountId = this.#nextId++;
    const base = { mountId, parentId: 1, rootDeleted: false, path, shared: undefined, master: undefined };
    const bind = findBindOptions(options);
    const from = bind && findContainingMount(this.#mounts, normalPath(source));
    if (!bind || !from) {
      const own = { device: `0:${mountId}`, root: '/', fsType, source, superOptions: ['rw'] };
      return { ...base, ...own, options: flagsOf(options) };
    }
    const inside = normalPath(source).slice(from.path === '/' ? 0 : from.path.length);
    const root = normalPath(`${from.root}/${inside}`);
    const { device, fsType: sameType, source: sameSource, superOptions } = from;
    return { ...base, device, root, fsType: sameType, source: sameSource, superOptions, options: flagsOf(bind.flags) };
  }

  async unmount(target: string, options: UnmountOptions = {}): Promise<void> {
    const call: FakeMountCall = { verb: 'unmount', target: normalPath(target) };
    await this.#hook?.(call);
    options.signal?.throwIfAborted();
    const index = this.#mounts.findLastIndex((mount) => mount.path === call.target && mount !== rootMount);
    if (index < 0)
      throw new MountError('NotMounted', `umount ${target}: exit status 32: not mounted`, { exitCode: 32 });
    const isBelow = (mount: MountPoint) => mount.path !== call.target && isWithin(call.target, mount.path);
    if (!options.lazy && this.#mounts.some(isBelow)) {
      throw new MountError('Busy', `umount ${target}: exit status 32: target is busy`, { exitCode: 32 });
    }
    this.calls.push(call);
    this.#mounts = this.#mounts.filter((mount, at) => at !== index && !isBelow(mount));
  }

  async isMountPoint(path: string): Promise<boolean> {
    return this.#mounts.some((mount) => mount.path === normalPath(path));
  }

  async isLikelyNotMountPoint(path: string): Promise<boolean> {
    return !(await this.isMountPoint(path));
  }

  async getMountRefs(path: string): Promise<string[]> {
    return findMountRefs(this.#mounts, normalPath(path));
  }

  async listMounts(): Promise<readonly MountPoint[]> {
    return [...this.#mounts];
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
    this.#replace(normalPath(target), (mount) => ({
      ...mount,
      shared: propagation === 'shared' ? mount.mountId : undefined,
      master: propagation === 'slave' ? (mount.shared ?? mount.master) : undefined,
    }));
  }

  #replace(path: string, change: (mount: MountPoint) => MountPoint): void {
    const index = this.#mounts.findLastIndex((mount) => mount.path === path);
    const mount = this.#mounts[index];
    if (!mount) throw new MountError('NotMounted', `${path} is not mounted`, { exitCode: 32 });
    this.#mounts[index] = change(mount);
  }
}

const verbs = new Set(['bind', 'rbind', 'remount', 'defaults']);

function flagsOf(options: readonly string[]): string[] {
  const flags = options.filter((option) => !verbs.has(option));
  return flags.includes('ro') ? flags : ['rw', ...flags];
}
