/**
 * A runtime in memory for tests in virtual time: containers are records that end when the test, a signal or their
 * script says so. Keeps the same rules about ids and states as the real ones.
 */
import { PassThrough } from 'node:stream';
import type { Clock } from '../../base/index.ts';
import {
  type AttachSession,
  type ContainerConfig,
  type ContainerRecord,
  type ContainerRuntime,
  ContainerRuntimeError,
  type ExecRequest,
  type ExecSession,
  type ImageInfo,
} from './runtime.ts';

/** How a container behaves. */
export interface FakeBehaviour {
  /** Ends by itself after this time. */
  readonly exitAfterMs?: number;
  readonly exitCode?: number;
  /** Does not end at SIGTERM. */
  readonly deaf?: boolean;
  /** The start fails with this. */
  readonly startError?: Error;
}

const runningImage: ImageInfo = {
  id: 'sha256:fake',
  rootDir: '/',
  entrypoint: [],
  command: [],
  env: [],
  workingDir: '',
  uid: undefined,
  gid: undefined,
};

function isStartFailure(error: Error): boolean {
  return error instanceof ContainerRuntimeError && error.code === 'StartFailed';
}

export class FakeRuntime implements ContainerRuntime {
  readonly version = 'fake://1';
  /** Every configuration that was started, in order. */
  readonly started: ContainerConfig[] = [];
  /** Every command that was run in a container. */
  readonly commands: { readonly id: string; readonly command: readonly string[] }[] = [];
  /** Decides by container and instance. */
  behave: (config: ContainerConfig) => FakeBehaviour = () => ({});
  /** Answers commands. */
  answer: (command: readonly string[], id: string) => { exitCode: number; output?: string } = () => ({ exitCode: 0 });
  readonly #clock: Clock;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #behaviours = new Map<string, FakeBehaviour>();
  readonly #listeners = new Set<(record: ContainerRecord) => void>();
  readonly #ended = new Map<string, PromiseWithResolvers<ContainerRecord>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  warmUp(): void {}

  async findImage(reference: string): Promise<ImageInfo> {
    if (reference === 'missing') throw new ContainerRuntimeError('ImageUnusable', 'image "missing" cannot be used');
    return runningImage;
  }

  async createAndStart(config: ContainerConfig): Promise<ContainerRecord> {
    const known = this.#records.get(config.id);
    if (known) return known;
    const behaviour = this.behave(config);
    const { startError } = behaviour;
    if (startError && !isStartFailure(startError)) throw startError;
    this.started.push(config);
    const { id, identity, image, imageInfo, logPath, terminationLogPath, tty, stdin } = config;
    const now = this.#clock.now();
    this.#behaviours.set(id, behaviour);
    this.#ended.set(id, Promise.withResolvers());
    const record: ContainerRecord = {
      id,
      identity,
      image,
      imageId: imageInfo.id,
      logPath,
      terminationLogPath,
      tty,
      stdin,
      createdAtMs: now,
      startedAtMs: now,
      state: 'running',
    };
    if (startError) {
      this.#set({ ...record, state: 'exited', exitCode: 128, reason: 'StartError', finishedAtMs: now });
      throw startError;
    }
    this.#set(record);
    const { exitAfterMs, exitCode } = behaviour;
    if (exitAfterMs !== undefined) this.#clock.setTimer(exitAfterMs, () => this.end(id, exitCode ?? 0));
    return record;
  }

  /** The container ends now. */
  end(id: string, exitCode: number): void {
    const record = this.#get(id);
    if (record.state === 'exited') return;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const ended = { ...record, state: 'exited', exitCode, reason, finishedAtMs: this.#clock.now() } as const;
    this.#set(ended);
    this.#ended.get(id)?.resolve(ended);
  }

  async stop(id: string, graceMs: number): Promise<ContainerRecord> {
    const record = this.#get(id);
    if (record.state === 'exited') return record;
    if (this.#behaviours.get(id)?.deaf) this.#clock.setTimer(graceMs, () => this.end(id, 137));
    else this.end(id, graceMs > 0 ? 0 : 137);
    return await (this.#ended.get(id)?.promise ?? record);
  }

  async remove(id: string): Promise<void> {
    if (this.#records.get(id)?.state === 'running') throw new ContainerRuntimeError('NotRunning', `${id} runs`);
    this.#records.delete(id);
  }

  async list(): Promise<readonly ContainerRecord[]> {
    return [...this.#records.values()];
  }

  async exec(id: string, { command }: ExecRequest): Promise<ExecSession> {
    if (this.#get(id).state !== 'running') throw new ContainerRuntimeError('NotRunning', `${id} does not run`);
    this.commands.push({ id, command });
    const { exitCode, output = '' } = this.answer(command, id);
    return {
      stdin: undefined,
      stdout: new PassThrough().end(output),
      stderr: new PassThrough().end(),
      exitCode: Promise.resolve(exitCode),
      resize() {},
      kill() {},
    };
  }

  async attach(id: string): Promise<AttachSession> {
    if (this.#get(id).state !== 'running') throw new ContainerRuntimeError('NotRunning', `${id} does not run`);
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    return { stdin: undefined, stdout, stderr, resize() {}, [Symbol.dispose]: () => void stdout.end() };
  }

  onChange(listener: (record: ContainerRecord) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #get(id: string): ContainerRecord {
    const record = this.#records.get(id);
    if (!record) throw new ContainerRuntimeError('NotFound', `container ${id} not found`);
    return record;
  }

  #set(record: ContainerRecord): void {
    this.#records.set(record.id, record);
    for (const listener of [...this.#listeners]) listener(record);
  }
}
