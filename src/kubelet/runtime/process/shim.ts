/**
 * The containers of a machine and what can be done with them, behind the shim's socket. Knows nothing of pods. Records
 * of an earlier shim are taken over; a container of it that still runs has lost its pipes and is killed.
 */
import { type Clock, type Fs, KeyLock, type Logger } from '../../../base/index.ts';
import { type ContainerRecord, ContainerRuntimeError, type TerminalSize } from '../runtime.ts';
import { ContainerProcess, type ContainerProcessOptions } from './container-process.ts';
import type { ContainerSpec, LaunchDetails } from './container-spec.ts';
import { ContainerStore, type StoredContainer } from './container-store.ts';
import type { LogStream } from './cri-log.ts';
import { isAlive } from './process-identity.ts';
import type { ShimMethod, ShimMethods } from './shim-protocol.ts';
import { StartLimit } from './start-limit.ts';
import { setTerminalSize } from './terminal.ts';

export interface ShimOptions extends Omit<ContainerProcessOptions, 'onOutput'> {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: ContainerStore;
}

export interface ShimEvents {
  changed(owner: string, record: ContainerRecord): void;
  output(containerId: string, stream: LogStream, chunk: Buffer): void;
}

interface Entry {
  stored: StoredContainer;
  running?: ContainerProcess;
  spec?: ContainerSpec;
  /** It was told to end before it ran. */
  unwanted?: boolean;
}

/** Containers that are put together at a time: each is a dozen short processes. */
const concurrentStarts = 8;
/** Exit code of a container whose end nobody saw. Upstream reports the same. */
const unknownExitCode = 137;

export class Shim {
  readonly #options: ShimOptions & ContainerProcessOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #locks = new KeyLock<string>();
  readonly #starts = new StartLimit(concurrentStarts);
  readonly #events: ShimEvents;

  constructor(options: ShimOptions, events: ShimEvents) {
    this.#options = { ...options, onOutput: (id, stream, chunk) => events.output(id, stream, chunk) };
    this.#events = events;
  }

  /** Takes over what an earlier shim recorded. */
  async load(): Promise<void> {
    for (const stored of await this.#options.store.load()) {
      this.#entries.set(stored.record.id, { stored });
      if (stored.record.state !== 'exited') await this.#bury(stored);
    }
  }

  get running(): number {
    return [...this.#entries.values()].filter((entry) => entry.stored.record.state !== 'exited').length;
  }

  records(owner: string): ContainerRecord[] {
    return [...this.#entries.values()]
      .filter(({ stored }) => stored.owner === owner)
      .map(({ stored }) => stored.record);
  }

  async call<M extends ShimMethod>(method: M, params: ShimMethods[M]['params']): Promise<object> {
    switch (method) {
      case 'hello':
        return { records: this.records((params as ShimMethods['hello']['params']).owner) };
      case 'start':
        return { record: await this.start((params as ShimMethods['start']['params']).spec) };
      case 'signal': {
        const { id, signal } = params as ShimMethods['signal']['params'];
        this.signal(id, signal);
        return {};
      }
      case 'remove':
        await this.remove((params as ShimMethods['remove']['params']).id);
        return {};
      case 'launch':
        return { launch: this.launch((params as ShimMethods['launch']['params']).id) };
      case 'attach':
        this.#running((params as ShimMethods['attach']['params']).id);
        return {};
      case 'detach':
        return {};
      case 'stdin': {
        const { id, data } = params as ShimMethods['stdin']['params'];
        await this.writeStdin(id, data);
        return {};
      }
      case 'resize': {
        const { id, size } = params as ShimMethods['resize']['params'];
        await this.resize(id, size);
        return {};
      }
      default:
        throw new ContainerRuntimeError('Unavailable', `the shim does not know ${JSON.stringify(method)}`);
    }
  }

  async start(spec: ContainerSpec): Promise<ContainerRecord> {
    if (!ContainerStore.isId(spec.id)) throw new ContainerRuntimeError('CreateFailed', 'the container has a bad id');
    return await this.#locks.run(spec.id, async () => {
      const known = this.#entries.get(spec.id);
      if (known) return known.stored.record;
      return await this.#starts.run(() => this.#start(spec));
    });
  }

  async #start(spec: ContainerSpec): Promise<ContainerRecord> {
    const { clock, store } = this.#options;
    const record: ContainerRecord = {
      id: spec.id,
      identity: spec.identity,
      image: spec.image,
      imageId: spec.imageInfo.id,
      logPath: spec.logPath,
      terminationLogPath: spec.terminationLogPath,
      tty: spec.tty,
      stdin: spec.stdin,
      createdAtMs: clock.now(),
      state: 'created',
    };
    const entry: Entry = { stored: { owner: spec.owner, record }, spec };
    this.#entries.set(spec.id, entry);
    try {
      const directory = await store.create(spec.id);
      await store.save(entry.stored);
      const running = await ContainerProcess.start(this.#options, spec, directory);
      entry.running = running;
      const { pid, startTicks } = running;
      await this.#update(entry, { state: 'running', startedAtMs: clock.now() }, { pid, startTicks });
      void running.exited.then((exit) => this.#update(entry, { state: 'exited', ...exit }));
      if (entry.unwanted) running.kill();
      return entry.stored.record;
    } catch (thrown) {
      const error = ContainerRuntimeError.from(thrown, 'CreateFailed');
      await this.#failStart(entry, error);
      throw error;
    }
  }

  /** A command that could not be started has run, for the pod's history; a root that could not be built has not. */
  async #failStart(entry: Entry, error: ContainerRuntimeError): Promise<void> {
    const { id } = entry.stored.record;
    if (error.code === 'StartFailed') {
      const at = this.#options.clock.now();
      const end = { exitCode: 128, reason: 'StartError', message: error.message, startedAtMs: at, finishedAtMs: at };
      await this.#update(entry, { state: 'exited', ...end });
      return;
    }
    this.#entries.delete(id);
    await this.#options.store.remove(id).catch((failure: unknown) => {
      this.#options.logger.warn('container directory cannot be removed', { container: id, error: failure });
    });
  }

  async #update(
    entry: Entry,
    change: Partial<ContainerRecord>,
    process: { pid?: number; startTicks?: string } = {},
  ): Promise<void> {
    entry.stored = { ...entry.stored, ...process, record: { ...entry.stored.record, ...change } };
    if (entry.stored.record.state === 'exited') {
      delete entry.running;
      // It holds secrets that the environment carried.
      delete entry.spec;
    }
    const { owner, record } = entry.stored;
    this.#events.changed(owner, record);
    try {
      await this.#options.store.save(entry.stored);
    } catch (error) {
      this.#options.logger.error('container record is not saved', { container: record.id, error });
    }
  }

  async #bury(stored: StoredContainer): Promise<void> {
    const { fs, clock } = this.#options;
    const { pid, startTicks, record } = stored;
    if (pid !== undefined && startTicks && (await isAlive(fs, { pid, startTicks }))) process.kill(pid, 'SIGKILL');
    const entry = this.#entries.get(record.id);
    if (!entry) return;
    const end = {
      exitCode: unknownExitCode,
      reason: 'ContainerStatusUnknown',
      message: 'The container ended while nobody watched it',
      finishedAtMs: clock.now(),
    };
    await this.#update(entry, { state: 'exited', ...end });
  }

  signal(id: string, signal: NodeJS.Signals): void {
    const entry = this.#entries.get(id);
    if (entry?.running) entry.running.signal(signal);
    // One that is being put together ends as soon as it runs.
    else if (entry) entry.unwanted = true;
  }

  async remove(id: string): Promise<void> {
    await this.#locks.run(id, async () => {
      const entry = this.#entries.get(id);
      if (!entry) return;
      if (entry.stored.record.state !== 'exited') {
        throw new ContainerRuntimeError('NotRunning', `container ${id} cannot be removed while it runs`);
      }
      await this.#options.store.remove(id);
      this.#entries.delete(id);
    });
  }

  launch(id: string): LaunchDetails {
    const { running, spec } = this.#running(id);
    const { pid, startTicks } = running;
    const { env, workingDir, user, security, hostIpc } = spec;
    return { pid, startTicks, env, workingDir, user, security, hostIpc, ...this.#options.tools };
  }

  async writeStdin(id: string, data: string | undefined): Promise<void> {
    const { running, spec } = this.#running(id);
    const { stdin } = running;
    if (!stdin || stdin.destroyed) return;
    if (data === undefined) {
      // A container that is not for one session only keeps its input for the next.
      if (spec.stdinOnce) stdin.end();
    } else await new Promise<void>((resolve) => stdin.write(Buffer.from(data, 'base64'), () => resolve()));
  }

  async resize(id: string, size: TerminalSize): Promise<void> {
    const { running } = this.#running(id);
    setTerminalSize(await this.#options.fs.readlink(`/proc/${running.pid}/fd/0`), size);
  }

  #running(id: string): { running: ContainerProcess; spec: ContainerSpec } {
    const entry = this.#entries.get(id);
    if (!entry) throw new ContainerRuntimeError('NotFound', `container ${id} not found`);
    const { running, spec } = entry;
    if (!running || !spec) throw new ContainerRuntimeError('NotRunning', `container ${id} is not running`);
    return { running, spec };
  }

  /** Kills every container and waits for their ends. */
  async killAll(): Promise<void> {
    const running = [...this.#entries.values()].flatMap((entry) => entry.running ?? []);
    for (const container of running) container.kill();
    await Promise.all(running.map((container) => container.exited));
  }
}
