/**
 * The FlexVolume drivers that are installed in a directory. Looks at the directory whenever it changes, and now and
 * then in any case; a driver that is new or was replaced is initialised, beside all others, and is there when its init
 * has succeeded. Only what was found in the directory is ever run.
 *
 * Upstream: pkg/volume/flexvolume/probe.go.
 */
import { join, sep } from 'node:path';
import {
  Backoff,
  type Clock,
  type Exec,
  type Fs,
  ifExists,
  isAbort,
  type Logger,
  messageOf,
  type Timer,
  type WatchDirectory,
  watchDirectory,
} from '../../base/index.ts';
import { escapePluginName, unescapePluginName } from '../paths.ts';
import { executableName, isDriverName } from './driver-name.ts';
import { FlexDriver } from './flex-driver.ts';

export const defaultFlexVolumeDir = '/usr/libexec/kubernetes/kubelet-plugins/volume/exec/';

export interface FlexDriversOptions {
  readonly dir: string;
  readonly fs: Fs;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watch?: WatchDirectory;
}

/** What others need of it. */
export type InstalledDrivers = Pick<FlexDrivers, 'find' | 'names' | 'onChange' | 'ready'>;

const safetyNetMs = 10_000;
/** Bursts of changes are looked at once: files are copied piece by piece. */
const settleMs = 50;
/** More are a mistake: each costs a process when it is found. */
const maxDrivers = 256;
/** A driver that does not answer must not hold up the start of an agent. */
const readyTimeoutMs = 10_000;
const initBackoff = { initialMs: 1_000, maxMs: 60_000 };

interface Installed {
  /** Of the executable: another one is another driver. */
  identity: string;
  driver: FlexDriver | undefined;
  /** Ends the init that runs. */
  running: AbortController | undefined;
  retry: Timer | undefined;
}

export class FlexDrivers implements AsyncDisposable {
  readonly #options: FlexDriversOptions;
  readonly #installed = new Map<string, Installed>();
  readonly #listeners = new Set<(driverName: string) => void>();
  readonly #skipped = new Set<string>();
  readonly #backoff = new Backoff<string>(initBackoff);
  readonly #inits = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #watch: Disposable | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(options: FlexDriversOptions) {
    this.#options = options;
  }

  start(): void {
    void this.look();
  }

  /** Resolves when what is installed now has been initialised, or has had its chance. */
  async ready(): Promise<void> {
    const { clock } = this.#options;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    using timer = clock.setTimer(readyTimeoutMs, resolve);
    void timer;
    const initialised = async () => {
      await (this.#looking ?? this.look());
      await Promise.all(this.#inits);
    };
    await Promise.race([initialised(), late]);
  }

  find(name: string): FlexDriver | undefined {
    return this.#installed.get(name)?.driver;
  }

  names(): readonly string[] {
    return [...this.#installed].filter(([, { driver }]) => driver).map(([name]) => name);
  }

  /** Called with the name of a driver that came, was replaced or went. */
  onChange(listener: (driverName: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Looks at the directory now. */
  async look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#run();
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#watch?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    for (const { running, retry } of this.#installed.values()) {
      running?.abort();
      retry?.[Symbol.dispose]();
    }
    await this.#looking;
    await Promise.all(this.#inits);
  }

  #soon(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.setTimer(delayMs, () => void this.look());
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false;
      try {
        await this.#ensureDirectory();
        this.#compare(await this.#list());
      } catch (thrown) {
        this.#skip(this.#options.dir, `it cannot be read: ${messageOf(thrown)}`);
      }
    }
    this.#looking = undefined;
    this.#soon(safetyNetMs);
  }

  async #ensureDirectory(): Promise<void> {
    const { dir, fs, watch = watchDirectory } = this.#options;
    const isThere = (await ifExists(fs.stat(dir))) !== undefined;
    if (isThere && this.#watch) return;
    if (!isThere) await fs.mkdir(dir, { recursive: true, mode: 0o755 });
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#watch = watch(dir, () => this.#soon(settleMs));
  }

  /** The identity of each driver's executable, by the driver's name. */
  async #list(): Promise<ReadonlyMap<string, string>> {
    const { dir, fs } = this.#options;
    const found = new Map<string, string>();
    for (const entry of await fs.readdir(dir, { withFileTypes: true })) {
      // Half-written drivers hide behind a dot until they are renamed.
      if (entry.name.startsWith('.') || !entry.isDirectory()) continue;
      const name = unescapePluginName(entry.name);
      if (!isDriverName(name)) this.#skip(entry.name, 'its name is not that of a driver');
      else if (found.size >= maxDrivers) this.#skip(entry.name, `there are more than ${maxDrivers} drivers`);
      else {
        const identity = await this.#identify(name);
        if (identity !== undefined) found.set(name, identity);
      }
    }
    return found;
  }

  async #identify(name: string): Promise<string | undefined> {
    const { dir, fs } = this.#options;
    const path = this.#executable(name);
    const real = await ifExists(fs.realpath(path));
    if (real === undefined) return undefined;
    if (!real.startsWith(`${await fs.realpath(dir)}${sep}`)) {
      this.#skip(path, 'it leads out of the directory');
      return undefined;
    }
    const stat = await ifExists(fs.stat(real));
    if (!stat?.isFile()) return undefined;
    return [stat.ino, stat.mode, stat.size, stat.mtimeMs, stat.ctimeMs].join('/');
  }

  #executable(name: string): string {
    return join(this.#options.dir, escapePluginName(name), executableName(name));
  }

  #compare(now: ReadonlyMap<string, string>): void {
    for (const [name, installed] of this.#installed) {
      if (now.has(name)) continue;
      this.#drop(name, installed);
    }
    for (const [name, identity] of now) {
      const installed = this.#installed.get(name);
      if (installed?.identity === identity) continue;
      installed?.running?.abort();
      installed?.retry?.[Symbol.dispose]();
      this.#backoff.forget(name);
      // What was there goes on until its successor answers.
      const entry: Installed = { identity, driver: installed?.driver, running: undefined, retry: undefined };
      this.#installed.set(name, entry);
      this.#begin(name, entry);
    }
  }

  #drop(name: string, { running, retry, driver }: Installed): void {
    running?.abort();
    retry?.[Symbol.dispose]();
    this.#backoff.forget(name);
    this.#installed.delete(name);
    if (!driver) return;
    this.#options.logger.info('FlexVolume driver removed', { driver: name });
    this.#tell(name);
  }

  #begin(name: string, entry: Installed): void {
    if (this.#stopping.signal.aborted) return;
    const init = this.#init(name, entry).finally(() => this.#inits.delete(init));
    this.#inits.add(init);
  }

  async #init(name: string, entry: Installed): Promise<void> {
    const { clock, exec, logger } = this.#options;
    const driver = new FlexDriver({ name, executable: this.#executable(name), exec });
    const running = new AbortController();
    entry.running = running;
    try {
      await driver.init(running.signal);
      if (this.#installed.get(name) !== entry) return;
      entry.driver = driver;
      this.#backoff.forget(name);
      logger.info('FlexVolume driver found', { driver: name, attach: driver.capabilities.attach });
      this.#tell(name);
    } catch (thrown) {
      if (isAbort(thrown) || this.#installed.get(name) !== entry) return;
      const delayMs = this.#backoff.next(name);
      logger.warn('FlexVolume driver does not initialise', { driver: name, delayMs, error: messageOf(thrown) });
      entry.retry = clock.setTimer(delayMs, () => this.#begin(name, entry));
    } finally {
      entry.running = undefined;
    }
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }

  #skip(what: string, why: string): void {
    if (this.#stopping.signal.aborted || this.#skipped.has(what) || this.#skipped.size >= maxDrivers) return;
    this.#skipped.add(what);
    this.#options.logger.warn('entry of the directory of FlexVolume drivers is skipped', { entry: what, why });
  }
}
