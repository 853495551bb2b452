/**
 * Child processes. Every command has a deadline, runs in a process group of its own that is killed whole, and may
 * write a limited amount of output. Arguments are a list and never pass through a shell. Nothing else may spawn.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { abortError } from './abort.ts';
import type { Clock } from './clock.ts';
import { TimeoutError } from './errors.ts';

export interface ExecOptions {
  /** The whole process group is killed when it has run this long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Written to the command's standard input, which is closed after it. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Bytes of standard output and of standard error that are kept; a command that writes more is killed. */
  readonly outputLimitBytes?: number;
  /** Standard error is taken for standard output, in the order in which both arrive. */
  readonly mergeOutput?: boolean;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs commands to their end. A simulated cluster injects its own. */
export interface Exec {
  /** Resolves with the output of a command that exited 0, else rejects with an ExecError. */
  run(command: string, args: readonly string[], options: ExecOptions): Promise<ExecResult>;
}

/** A command that could not be started, exited non-zero, was killed, timed out or wrote too much. */
export class ExecError extends Error {
  override readonly name = 'ExecError';
  readonly command: string;
  readonly args: readonly string[];
  readonly exitCode: number | undefined;
  readonly killedBy: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    message: string,
    details: {
      command: string;
      args: readonly string[];
      exitCode?: number | undefined;
      killedBy?: NodeJS.Signals | undefined;
      stdout?: string;
      stderr?: string;
      cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.command = details.command;
    this.args = details.args;
    this.exitCode = details.exitCode;
    this.killedBy = details.killedBy;
    this.stdout = details.stdout ?? '';
    this.stderr = details.stderr ?? '';
  }
}

/** Enough for blkid or mount; drivers that answer with more are broken. */
const defaultOutputLimitBytes = 1024 * 1024;

/** Kills every process of the group. A group that is gone already is no error. */
export function killGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended.
  }
}

class Collector {
  readonly #decoder = new StringDecoder('utf8');
  readonly #limitBytes: number;
  #bytes = 0;
  text = '';
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }
  /** Whether the limit still holds. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#limitBytes) this.text += this.#decoder.write(chunk);
    return this.#bytes <= this.#limitBytes;
  }
}

function describeFailure(
  command: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  stderr: string,
): string {
  const how = killedBy ? `was killed by ${killedBy}` : `exited with status ${code}`;
  const text = stderr.trim();
  return text ? `${command} ${how}: ${text}` : `${command} ${how}`;
}

/** The Exec of real processes. */
export function realExec(clock: Clock): Exec {
  return {
    run: (command, args, options) => clock.boundary(runCommand(clock, command, args, options)),
  };
}

function runCommand(clock: Clock, command: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(abortError(options.signal));
      return;
    }
    const limitBytes = options.outputLimitBytes ?? defaultOutputLimitBytes;
    const stdout = new Collector(limitBytes);
    const stderr = options.mergeOutput ? stdout : new Collector(limitBytes);
    let failure: Error | undefined;
    const child = spawn(command, [...args], {
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(options.env ? { env: { ...options.env } } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    const kill = (error: Error) => {
      failure ??= error;
      if (child.pid !== undefined) killGroup(child.pid);
      // A grandchild that left the group may hold the pipes open: stop reading, so that 'close' comes.
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const errors = () => (options.mergeOutput ? '' : stderr.text);
    const details = () => ({ command, args, stdout: stdout.text, stderr: errors() });
    const timer = clock.setTimer(options.timeoutMs, () => {
      const cause = new TimeoutError(`timed out after ${options.timeoutMs} ms`);
      kill(new ExecError(`${command} timed out after ${options.timeoutMs} ms and was killed`, { ...details(), cause }));
    });
    const onAbort = () => kill(abortError(options.signal));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const tooMuch = () =>
      kill(new ExecError(`${command} wrote more than ${limitBytes} bytes and was killed`, details()));
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!stdout.add(chunk)) tooMuch();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (!stderr.add(chunk)) tooMuch();
    });
    // EPIPE when the command does not read its input: its exit status tells the story.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
    const finish = () => {
      timer[Symbol.dispose]();
      options.signal?.removeEventListener('abort', onAbort);
    };
    child.on('error', (cause) => {
      finish();
      reject(new ExecError(`${command} could not be started: ${cause.message}`, { ...details(), cause }));
    });
    child.on('close', (code, killedBy) => {
      finish();
      if (failure) reject(failure);
      else if (code === 0) resolve({ exitCode: 0, stdout: stdout.text, stderr: errors() });
      else {
        const message = describeFailure(command, code, killedBy, errors());
        reject(new ExecError(message, { ...details(), exitCode: code ?? undefined, killedBy: killedBy ?? undefined }));
      }
    });
  });
}

/** A process that runs beside this one. */
export type SpawnedProcess = ChildProcess;

export interface SpawnOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** `inherit` passes our own streams on; `ignore` is /dev/null; `pipe` hands streams to the caller; a number is a descriptor. */
  readonly stdio?: readonly ('inherit' | 'ignore' | 'pipe' | number)[];
  /** A session of its own: survives the death of this process's group. */
  readonly detached?: boolean;
}

/** Starts a long-lived process (driver, supervisor, exec session). The caller owns it and must end it. */
export function spawnProcess(command: string, options: SpawnOptions): SpawnedProcess {
  return spawn(command, [...options.args], {
    detached: options.detached ?? false,
    stdio: options.stdio ? [...options.stdio] : ['ignore', 'inherit', 'inherit'],
    ...(options.env ? { env: { ...options.env } } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  });
}
