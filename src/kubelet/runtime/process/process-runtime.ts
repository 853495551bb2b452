/** Containers as processes of this machine in namespaces of their own, held by the shim. */
import { join } from 'node:path';
import { type Clock, type Fs, type Logger, type Random, type Timer, UsageError } from '../../../base/index.ts';
import {
  type AttachSession,
  type ContainerConfig,
  type ContainerRecord,
  type ContainerRuntime,
  ContainerRuntimeError,
  type ExecRequest,
  type ExecSession,
  type ImageInfo,
} from '../runtime.ts';
import { Attachments } from './attachments.ts';
import { startExecSession } from './exec-session.ts';
import { findLoadedImage } from './images.ts';
import { ShimClient } from './shim-client.ts';
import { socketName } from './shim-protocol.ts';

export interface ProcessRuntimeOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly nodeName: string;
  /** The shim's files. Several nodes of one machine may share it, and then share the shim. */
  readonly directory: string;
  readonly imagesDir: string;
  /** Directories of the host that containers must not see: data and root directories. Without symbolic links. */
  readonly maskedPaths: readonly string[];
}

/** A unix socket's path may be this long; longer ones are cut silently by the system. */
const longestSocketPathBytes = 107;
/** A container that was killed is gone at once, unless the kernel holds one of its processes. */
const killTimeoutMs = 60_000;
/** With nothing to do for this long, the connection is closed. */
const releaseAfterMs = 2_000;
/** After the shim's death: a dying shim may accept one more connection while the kernel closes what it had open. */
const recoverAfterMs = 100;

export async function createProcessRuntime(options: ProcessRuntimeOptions): Promise<ContainerRuntime> {
  const { directory, fs } = options;
  if (Buffer.byteLength(join(directory, socketName)) > longestSocketPathBytes) {
    throw new UsageError(`--data-dir: ${directory} is too long for the container shim's socket in it`);
  }
  await fs.mkdir(directory, { recursive: true, mode: 0o700 });
  return new ProcessRuntime(options);
}

class ProcessRuntime implements ContainerRuntime {
  readonly version = 'process://0.1.0';
  readonly #options: ProcessRuntimeOptions;
  readonly #client: ShimClient;
  readonly #attachments: Attachments;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #listeners = new Set<(record: ContainerRecord) => void>();
  #known = false;
  #release: Timer | undefined;
  #retry: Timer | undefined;
  #disposed = false;

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
    this.#client = new ShimClient({
      ...options,
      owner: options.nodeName,
      onRecord: (record) => this.#learn(record),
      onOutput: (id, stream, chunk) => this.#attachments.output(id, stream, chunk),
      onLost: () => this.#lose(),
    });
    this.#attachments = new Attachments(this.#client);
  }

  warmUp(): void {
    this.#client.connect().catch((error: unknown) => {
      this.#options.logger.error('container shim does not start', { error });
    });
    this.#watchIdle();
  }

  findImage(reference: string): Promise<ImageInfo> {
    return findLoadedImage(this.#options.fs, this.#options.imagesDir, reference);
  }

  async createAndStart(config: ContainerConfig): Promise<ContainerRecord> {
    const { nodeName, maskedPaths } = this.#options;
    this.#keepConnection();
    try {
      const spec = { ...config, owner: nodeName, maskedPaths };
      const { record } = await this.#client.call('start', { spec });
      // Its end may have been told already.
      if (!this.#records.has(record.id)) this.#learn(record);
      return record;
    } finally {
      this.#watchIdle();
    }
  }

  async stop(id: string, graceMs: number, options: { stopSignal?: NodeJS.Signals } = {}): Promise<ContainerRecord> {
    await this.list();
    const record = this.#get(id);
    if (record.state === 'exited') return record;
    const signal = graceMs > 0 ? (options.stopSignal ?? 'SIGTERM') : 'SIGKILL';
    const ended = this.#waitForEnd(id, graceMs > 0 ? graceMs : killTimeoutMs);
    await this.#client.call('signal', { id, signal });
    const first = await ended;
    if (first) return first;
    const killed = this.#waitForEnd(id, killTimeoutMs);
    await this.#client.call('signal', { id, signal: 'SIGKILL' });
    const second = await killed;
    if (second) return second;
    throw new ContainerRuntimeError('Unavailable', `container ${id} does not end although it was killed`);
  }

  /** Resolves with the ended container, or with undefined when it still runs after the time. */
  #waitForEnd(id: string, timeoutMs: number): Promise<ContainerRecord | undefined> {
    const { promise, resolve } = Promise.withResolvers<ContainerRecord | undefined>();
    const look = (record: ContainerRecord) => {
      if (record.id !== id || record.state !== 'exited') return;
      timer[Symbol.dispose]();
      this.#listeners.delete(look);
      resolve(record);
    };
    const timer = this.#options.clock.setTimer(timeoutMs, () => {
      this.#listeners.delete(look);
      resolve(undefined);
    });
    this.#listeners.add(look);
    return promise;
  }

  async remove(id: string): Promise<void> {
    await this.list();
    if (!this.#records.has(id)) return;
    await this.#client.call('remove', { id });
    this.#records.delete(id);
    this.#watchIdle();
  }

  async list(): Promise<readonly ContainerRecord[]> {
    if (!this.#known && (await this.#client.hasState())) await this.#client.connect();
    this.#known = true;
    this.#watchIdle();
    return [...this.#records.values()];
  }

  async exec(id: string, request: ExecRequest): Promise<ExecSession> {
    const { launch } = await this.#client.call('launch', { id });
    const { fs, clock, directory, random } = this.#options;
    return await startExecSession({ fs, clock, directory, sessionId: random.uuid() }, launch, request);
  }

  async attach(id: string): Promise<AttachSession> {
    return await this.#attachments.attach(this.#get(id));
  }

  onChange(listener: (record: ContainerRecord) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#keepConnection();
    this.#retry?.[Symbol.dispose]();
    await this.#client[Symbol.asyncDispose]();
  }

  #get(id: string): ContainerRecord {
    const record = this.#records.get(id);
    if (!record) throw new ContainerRuntimeError('NotFound', `container ${id} not found`);
    return record;
  }

  #learn(record: ContainerRecord): void {
    const before = this.#records.get(record.id);
    // A late answer must not bring a container back that has ended.
    if (before?.state === 'exited' && record.state !== 'exited') return;
    this.#records.set(record.id, record);
    if (before?.state === record.state) return;
    if (record.state === 'exited') this.#attachments.end(record.id);
    for (const listener of [...this.#listeners]) listener(record);
  }

  /** The shim has died, and its containers with it. It is started again at once to say how they ended. */
  #lose(): void {
    this.#options.logger.error('connection to the container shim is lost');
    this.#known = false;
    this.#recover();
  }

  #recover(): void {
    this.list().catch((error: unknown) => {
      if (this.#disposed) return;
      this.#options.logger.error('container shim does not start', { error });
      this.#retry = this.#options.clock.setTimer(recoverAfterMs, () => this.#recover());
    });
  }

  #keepConnection(): void {
    this.#release?.[Symbol.dispose]();
    this.#release = undefined;
  }

  #watchIdle(): void {
    this.#keepConnection();
    if (this.#records.size > 0 || !this.#client.connected) return;
    this.#release = this.#options.clock.setTimer(releaseAfterMs, () => {
      if (this.#records.size === 0) void this.#client.release();
    });
  }
}
