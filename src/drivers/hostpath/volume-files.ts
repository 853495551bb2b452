/** Volumes and snapshots as files under the state directory. Every path is made of an id from the state, never of a request. */
import { join } from 'node:path';
import { type Clock, type Exec, ExecError, errnoOf, exists, type Fs, ifExists } from '../../base/index.ts';
import { type LoopDevices, type Mounter, removeTreeOneFilesystem } from '../../mount/index.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';

/** Copies of any size end within it; the caller's own deadline passes long before, and it asks again. */
const copyTimeoutMs = 30 * 60_000;

const allocateTimeoutMs = 60_000;

/** tar: some files changed while they were read. A snapshot of a volume in use cannot avoid it. */
const tarFilesChanged = 1;

/** Error texts are looked at, so they must not be translated. */
const environment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

export interface HostpathHost {
  readonly fs: Fs;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly mounter: Mounter;
  readonly loops: LoopDevices;
}

export class VolumeFiles {
  readonly #host: HostpathHost;
  readonly #directory: string;

  constructor(host: HostpathHost, directory: string) {
    this.#host = host;
    this.#directory = directory;
  }

  /** The volume's directory, or the file that holds its blocks. */
  pathOf(volume: Pick<VolumeRecord, 'id'>): string {
    return join(this.#directory, volume.id);
  }

  #archiveOf(snapshot: Pick<SnapshotRecord, 'id'>): string {
    return join(this.#directory, `${snapshot.id}.snap`);
  }

  exists(volume: VolumeRecord): Promise<boolean> {
    return exists(this.#host.fs, this.pathOf(volume));
  }

  /** Makes the volume's storage afresh; what an interrupted attempt left is thrown away. */
  async create(volume: VolumeRecord): Promise<void> {
    if (await this.exists(volume)) await this.remove(volume);
    if (volume.accessType === 'block') await this.#allocate(volume);
    else await this.#makeDirectory(this.pathOf(volume));
  }

  async #makeDirectory(path: string): Promise<void> {
    await this.#host.fs.mkdir(path);
    // mkdir's mode is cut by the umask.
    await this.#host.fs.chmod(path, 0o777);
  }

  /** Gives a block volume its size in real blocks. Growing keeps the content. */
  async #allocate(volume: VolumeRecord): Promise<void> {
    await this.#run('fallocate', ['-l', String(volume.sizeBytes), this.pathOf(volume)], allocateTimeoutMs);
  }

  async resize(volume: VolumeRecord): Promise<void> {
    if (volume.accessType === 'block') await this.#allocate(volume);
  }

  /** A MountError `Busy` when something is mounted in the volume: nothing is deleted then. */
  async remove(volume: VolumeRecord): Promise<void> {
    const path = this.pathOf(volume);
    if (volume.accessType === 'mount') {
      await removeTreeOneFilesystem(this.#host, path);
      return;
    }
    if (!(await exists(this.#host.fs, path))) return;
    for (const { device } of await this.#host.loops.find(path)) await this.#host.loops.detach(device);
    await ifExists(this.#host.fs.unlink(path));
  }

  async cloneFrom(source: VolumeRecord, volume: VolumeRecord): Promise<void> {
    const [from, to] = [this.pathOf(source), this.pathOf(volume)];
    if (volume.accessType === 'block') await this.#copyBlocks(from, to);
    else await this.#run('cp', ['-a', '--reflink=auto', '--one-file-system', '--', `${from}/.`, to], copyTimeoutMs);
  }

  async restoreFrom(snapshot: SnapshotRecord, volume: VolumeRecord): Promise<void> {
    const [from, to] = [this.#archiveOf(snapshot), this.pathOf(volume)];
    if (volume.accessType === 'block') await this.#copyBlocks(from, to);
    else await this.#run('tar', ['-xzpf', from, '--numeric-owner', '--xattrs', '-C', to], copyTimeoutMs);
  }

  /** Writes into the file that is there, so that it keeps its size when the source is smaller. */
  async #copyBlocks(from: string, to: string): Promise<void> {
    await this.#run('dd', [`if=${from}`, `of=${to}`, 'bs=1M', 'conv=notrunc,fsync', 'status=none'], copyTimeoutMs);
  }

  /** Writes the archive whole or not at all. Resolves when it is on disk. */
  async createSnapshot(snapshot: SnapshotRecord, source: VolumeRecord, ignoreFailedRead: boolean): Promise<void> {
    const archive = this.#archiveOf(snapshot);
    const unfinished = `${archive}.tmp`;
    await this.#host.fs.rm(unfinished, { force: true });
    const path = this.pathOf(source);
    if (source.accessType === 'block') {
      await this.#run('cp', ['--reflink=auto', '--sparse=always', '--', path, unfinished], copyTimeoutMs);
    } else {
      const flags = [
        '--numeric-owner',
        '--xattrs',
        '--one-file-system',
        ...(ignoreFailedRead ? ['--ignore-failed-read'] : []),
      ];
      await this.#run('tar', ['-czf', unfinished, ...flags, '-C', path, '.'], copyTimeoutMs, tarFilesChanged);
    }
    const file = await this.#host.fs.open(unfinished, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#host.fs.rename(unfinished, archive);
  }

  async removeSnapshot(snapshot: SnapshotRecord): Promise<void> {
    await this.#host.fs.rm(this.#archiveOf(snapshot), { force: true });
    await this.#host.fs.rm(`${this.#archiveOf(snapshot)}.tmp`, { force: true });
  }

  async #run(command: string, args: readonly string[], timeoutMs: number, accepted = 0): Promise<void> {
    try {
      await this.#host.exec.run(command, args, { timeoutMs, env: environment });
    } catch (thrown) {
      if (!(thrown instanceof ExecError) || thrown.exitCode === undefined || thrown.exitCode > accepted) throw thrown;
    }
  }
}

/** Whether the storage is full: what the caller can do is free some or go elsewhere. */
export function isOutOfSpace(thrown: unknown): boolean {
  const errno = errnoOf(thrown);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return true;
  return thrown instanceof ExecError && /No space left on device|Disk quota exceeded/.test(thrown.stderr);
}
