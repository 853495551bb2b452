/**
 * One container from its start to its end: owns the namespaces' first process, its pipes and its log. Belongs to the
 * shim, whose death kills it. It is ended only by its own command, by a signal, or with the shim.
 */
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import {
  type Clock,
  type Fs,
  killGroup,
  type Logger,
  makePipes,
  realExec,
  type SpawnedProcess,
  shellCommand,
  spawnProcess,
  withDeadline,
} from '../../../base/index.ts';
import { parseMountinfo } from '../../../mount/index.ts';
import { ContainerRuntimeError } from '../runtime.ts';
import { enterRootCommand, environmentScript, namespaceCommand } from './command-lines.ts';
import { type PreparedRoot, prepareRoot, type RootEnvironment } from './container-root.ts';
import type { ContainerSpec } from './container-spec.ts';
import { ControlChannel, type SetupReport, type SetupStep } from './control-channel.ts';
import { CriLog, LineCutter, type LogStream } from './cri-log.ts';
import { finishCommands, verifyMounts } from './mount-check.ts';
import { findStartTicks } from './process-identity.ts';
import { finishScript } from './setup-script.ts';
import type { ToolCommands } from './tools.ts';

export interface ContainerProcessOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly environment: RootEnvironment;
  readonly tools: ToolCommands;
  /** Told of everything that a container writes, as it comes. */
  readonly onOutput: (containerId: string, stream: LogStream, chunk: Buffer) => void;
}

export interface ContainerExit {
  readonly exitCode: number;
  readonly finishedAtMs: number;
  readonly reason: string;
  readonly message?: string;
}

/** A setup is a dozen mounts. A hung volume must not hold its container in between for ever. */
const setupTimeoutMs = 120_000;
/** Output that is still in the pipes when the container has ended is read for this long. */
const drainTimeoutMs = 2_000;

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Exit codes that a shell gives to commands it cannot run, and what they are reported as. Upstream: StartError. */
const startErrorCode = 128;

export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : constants.signals.SIGKILL);
}

export class ContainerProcess {
  readonly #options: ContainerProcessOptions;
  readonly #child: SpawnedProcess;
  readonly #control: ControlChannel;
  readonly #outputs: readonly Readable[];
  readonly exited: Promise<ContainerExit>;
  #startError: string | undefined;
  /** The container's first process as the host numbers it. */
  pid = 0;
  startTicks = '';

  private constructor(
    options: ContainerProcessOptions,
    spec: ContainerSpec,
    child: SpawnedProcess,
    outputs: readonly Readable[],
  ) {
    this.#options = options;
    this.#child = child;
    this.#outputs = outputs;
    this.#control = new ControlChannel(child.stdio[3] as Duplex);
    const logger = options.logger.with({ container: spec.id });
    const log = new CriLog(options.fs, spec.logPath, (error) => logger.warn('log lines are lost', { error }));
    const { promise, resolve } = Promise.withResolvers<ContainerExit>();
    this.exited = promise;
    const copy = (stream: Readable, name: LogStream) => {
      stream.on('data', (chunk: Buffer) => options.onOutput(spec.id, name, chunk));
      return this.#copy(stream, name, log);
    };
    const names: readonly LogStream[] = ['stdout', 'stderr'];
    const streams = outputs.map((stream, index) => copy(stream, names[index] ?? 'stderr'));
    child.on('error', (error) => logger.error('container could not be spawned', { error }));
    child.stdin?.on('error', () => {});
    child.on('exit', (code, signal) => {
      const finishedAtMs = options.clock.now();
      void this.#drain(streams, log).then(() => resolve(this.#exit(exitCodeOf(code, signal), finishedAtMs)));
    });
  }

  /** Resolves when the command runs. Rejects with `CreateFailed` or `StartFailed`, and then nothing is left running. */
  static async start(
    options: ContainerProcessOptions,
    asked: ContainerSpec,
    containerDir: string,
  ): Promise<ContainerProcess> {
    const root = await prepareRoot(options.environment, asked, containerDir);
    const { spec } = root;
    // There from the start, for those who follow it.
    await options.fs.writeFile(spec.logPath, '', { flag: 'a', mode: 0o640 });
    const paths = ['stdout', 'stderr'].map((name) => join(containerDir, name));
    const pipes = await makePipes(realExec(options.clock), paths);
    const environment = await openEnvironment(options.fs, containerDir, environmentScript(spec.env));
    let running: ContainerProcess;
    try {
      const [command = '', ...args] = namespaceCommand(spec, root.scriptPath);
      const child = spawnProcess(command, {
        args,
        env: { PATH: searchPath },
        cwd: '/',
        detached: true,
        stdio: [spec.stdin ? 'pipe' : 'ignore', ...pipes.map(({ writeFd }) => writeFd), 'pipe', environment.fd],
      });
      const outputs = pipes.map(({ reader }) => reader);
      running = new ContainerProcess(options, spec, child, outputs);
    } finally {
      for (const pipe of pipes) pipe[Symbol.dispose]();
      await environment.close();
    }
    try {
      const deadline = { clock: options.clock, timeoutMs: setupTimeoutMs, what: `setup of container ${spec.id}` };
      await withDeadline(deadline, () => running.#setUp(root));
      return running;
    } catch (thrown) {
      running.kill();
      throw ContainerRuntimeError.from(thrown, 'CreateFailed');
    }
  }

  async #setUp(root: PreparedRoot): Promise<void> {
    const { fs, tools } = this.#options;
    this.pid = Number((await this.#expect('pid')).argument);
    this.startTicks = (await findStartTicks(fs, this.pid)) ?? '';
    await this.#expect('built');
    const containerMounts = parseMountinfo(await fs.readFile(`/proc/${this.pid}/mountinfo`, 'utf8'));
    const check = { ...root, containerMounts };
    verifyMounts(check);
    const { spec } = root;
    const commands = finishCommands(check, {
      readOnlyRootFilesystem: spec.security.readOnlyRootFilesystem,
      shared: spec.mounts.some((mount) => mount.propagation === 'shared'),
    });
    this.#control.send(finishScript(commands, shellCommand(enterRootCommand(spec, tools))));
    const { step } = await this.#control.next();
    if (step === 'exec') return;
    const why = step === 'denied' ? 'permission denied' : describeMissing(spec.args[0] ?? '');
    this.#startError = `exec: ${JSON.stringify(spec.args[0] ?? '')}: ${why}`;
    await this.exited;
    throw new ContainerRuntimeError('StartFailed', this.#startError);
  }

  async #expect(step: SetupStep): Promise<SetupReport> {
    const report = await this.#control.next();
    if (report.step !== step) throw new ContainerRuntimeError('CreateFailed', `the setup said ${report.step}`);
    return report;
  }

  get stdin(): Writable | null {
    return this.#child.stdin;
  }

  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(this.pid, signal);
    } catch {
      // ESRCH: it has ended, and its exit is on the way.
    }
  }

  /** Ends the container with everything in it, whatever state it is in. */
  kill(): void {
    if (this.pid > 0) this.signal('SIGKILL');
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  #copy(stream: Readable, name: LogStream, log: CriLog): Promise<void> {
    const cutter = new LineCutter(name, this.#options.clock);
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.on('data', (chunk: Buffer) => {
      if (log.write(cutter.add(chunk))) return;
      stream.pause();
      void log.drained().then(() => stream.resume());
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      log.write(cutter.end());
      resolve();
    });
    return promise;
  }

  async #drain(streams: readonly Promise<void>[], log: CriLog): Promise<void> {
    const deadline = { clock: this.#options.clock, timeoutMs: drainTimeoutMs, what: 'output of an ended container' };
    await withDeadline(deadline, () => Promise.all(streams)).catch(() => {
      for (const output of this.#outputs) output.destroy();
    });
    this.#child.stdin?.destroy();
    this.#control.close();
    await log.drained();
  }

  #exit(exitCode: number, finishedAtMs: number): ContainerExit {
    if (this.#startError) {
      return { exitCode: startErrorCode, finishedAtMs, reason: 'StartError', message: this.#startError };
    }
    return { exitCode, finishedAtMs, reason: exitCode === 0 ? 'Completed' : 'Error' };
  }
}

function describeMissing(command: string): string {
  return command.includes('/') ? 'stat: no such file or directory' : 'executable file not found in $PATH';
}

/** A file that holds the environment and has no name any more: no other process can come by it. */
async function openEnvironment(fs: Fs, containerDir: string, text: string) {
  const path = join(containerDir, 'environment');
  await fs.writeFile(path, text, { mode: 0o600 });
  const handle = await fs.open(path, 'r');
  await fs.unlink(path);
  return handle;
}
