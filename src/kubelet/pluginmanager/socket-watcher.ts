/**
 * Knows which unix sockets lie in the registration directory. Looks at the directory whenever it changes, and now and
 * then in any case; what is no socket of ours is skipped with one line in the log.
 *
 * Upstream: pkg/kubelet/pluginmanager/pluginwatcher.
 */
import { join } from 'node:path';
import {
  type Clock,
  errnoOf,
  type Fs,
  ifExists,
  type Logger,
  messageOf,
  type Timer,
  type WatchDirectory,
  watchDirectory,
} from '../../base/index.ts';
import { checkSocketPath } from '../../csi/index.ts';

/** A socket that came is another one when its inode or its change time is. */
export interface FoundSocket {
  readonly path: string;
  readonly identity: string;
}

export interface SocketWatcherOptions {
  readonly dir: string;
  readonly fs: Fs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watch?: WatchDirectory;
  readonly changed: (sockets: ReadonlyMap<string, FoundSocket>) => void;
}

const safetyNetMs = 10_000;
/** Nobody registers more drivers on one node; more entries are an attack or a leak. */
const maxSockets = 1_000;
const maxDepth = 4;
/** Bursts of changes are looked at once. */
const settleMs = 10;

export class SocketWatcher implements Disposable {
  readonly #options: SocketWatcherOptions;
  readonly #skipped = new Set<string>();
  #found = new Map<string, FoundSocket>();
  #watch: Disposable | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: SocketWatcherOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { dir, fs } = this.#options;
    await fs.mkdir(dir, { recursive: true, mode: 0o750 });
    this.#rewatch();
    await this.look();
  }

  /** Looks at the directory now. */
  async look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#run();
    await this.#looking;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#watch?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  #rewatch(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    try {
      this.#watch = (this.#options.watch ?? watchDirectory)(this.#options.dir, () => this.#soon(settleMs));
    } catch (thrown) {
      this.#options.logger.warn('registration directory cannot be watched', { error: messageOf(thrown) });
    }
  }

  #soon(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.setTimer(delayMs, () => void this.look());
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#compare(await this.#list());
      } catch (thrown) {
        this.#options.logger.warn('registration directory cannot be read', { error: messageOf(thrown) });
      }
    }
    this.#looking = undefined;
    this.#soon(safetyNetMs);
  }

  async #compare(now: Map<string, FoundSocket>): Promise<void> {
    const same = now.size === this.#found.size;
    const changed = !same || [...now].some(([path, { identity }]) => this.#found.get(path)?.identity !== identity);
    this.#found = now;
    if (changed && !this.#stopped) this.#options.changed(now);
  }

  async #list(): Promise<Map<string, FoundSocket>> {
    const sockets = new Map<string, FoundSocket>();
    const { dir, fs } = this.#options;
    if (!(await ifExists(fs.lstat(dir)))) {
      await fs.mkdir(dir, { recursive: true, mode: 0o750 });
      this.#rewatch();
    }
    await this.#collect(dir, sockets, 0);
    return sockets;
  }

  async #collect(dir: string, sockets: Map<string, FoundSocket>, depth: number): Promise<void> {
    const { fs } = this.#options;
    for (const entry of await this.#entries(dir)) {
      const path = join(dir, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (depth < maxDepth) await this.#collect(path, sockets, depth + 1);
      } else if (!entry.isSocket()) {
        this.#skip(path, 'it is no socket');
      } else if (sockets.size >= maxSockets) {
        this.#skip(path, `there are more than ${maxSockets} sockets`);
      } else {
        const stat = await ifExists(fs.lstat(path));
        if (stat && this.#isUsable(path)) sockets.set(path, { path, identity: `${stat.ino}/${stat.ctimeMs}` });
      }
    }
  }

  async #entries(dir: string) {
    try {
      return await this.#options.fs.readdir(dir, { withFileTypes: true });
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT' || errnoOf(thrown) === 'ENOTDIR') return [];
      throw thrown;
    }
  }

  #isUsable(path: string): boolean {
    try {
      checkSocketPath(path, 'registration socket');
      return true;
    } catch (thrown) {
      this.#skip(path, messageOf(thrown));
      return false;
    }
  }

  #skip(path: string, why: string): void {
    if (this.#skipped.has(path) || this.#skipped.size >= maxSockets) return;
    this.#skipped.add(path);
    this.#options.logger.warn('entry of the registration directory is skipped', { path, why });
  }
}
