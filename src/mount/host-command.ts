/** Runs the host's storage commands (util-linux, e2fsprogs, xfsprogs) with a deadline that holds even in a hung kernel. */
import { type Clock, type Exec, ExecError, type ExecResult, type Fs, withDeadline } from '../base/index.ts';
import { MountError } from './mount-error.ts';

/** The host as this folder sees it. */
export interface MountHost {
  readonly exec: Exec;
  readonly fs: Fs;
  readonly clock: Clock;
}

export interface HostCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Texts that must not show up in an error: passwords among mount options. */
  readonly sensitive?: readonly string[];
  /** Exit codes other than 0 that are an answer and no failure. */
  readonly answers?: readonly number[];
  readonly outputLimitBytes?: number;
}

/** A process in uninterruptible sleep survives SIGKILL. The caller is released this long after the kill all the same. */
const unkillableGraceMs = 5_000;

/** Output is parsed, so it must not be translated; and the commands lie in sbin, which PATH may lack. */
const environment = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
};

function redact(text: string, sensitive: readonly string[]): string {
  return sensitive.reduce((cleaned, secret) => (secret === '' ? cleaned : cleaned.replaceAll(secret, '***')), text);
}

/** Resolves with the output of a command that exited 0 or with one of its answers; else rejects with a MountError. */
export async function runHostCommand(host: MountHost, request: HostCommand): Promise<ExecResult> {
  const { command, args, timeoutMs, signal, sensitive = [], answers = [], outputLimitBytes } = request;
  const line = redact([command, ...args].join(' '), sensitive);
  const limit = outputLimitBytes === undefined ? {} : { outputLimitBytes };
  try {
    return await withDeadline(
      { clock: host.clock, timeoutMs: timeoutMs + unkillableGraceMs, what: line, signal },
      (inner) => host.exec.run(command, args, { timeoutMs, signal: inner, env: environment, ...limit }),
    );
  } catch (thrown) {
    if (!(thrown instanceof ExecError)) throw MountError.from(thrown, line);
    const { exitCode } = thrown;
    if (exitCode !== undefined && answers.includes(exitCode)) {
      return { exitCode, stdout: thrown.stdout, stderr: thrown.stderr };
    }
    throw MountError.from(sensitive.length > 0 ? redacted(thrown, sensitive) : thrown, line);
  }
}

function redacted(error: ExecError, sensitive: readonly string[]): ExecError {
  return new ExecError(redact(error.message, sensitive), {
    command: error.command,
    args: error.args.map((arg) => redact(arg, sensitive)),
    exitCode: error.exitCode,
    killedBy: error.killedBy,
    stdout: redact(error.stdout, sensitive),
    stderr: redact(error.stderr, sensitive),
    cause: error.cause,
  });
}
