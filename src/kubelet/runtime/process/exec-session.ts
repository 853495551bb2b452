/** A command that runs in a container beside its first process. It dies with the session, not with the container's stop. */
import { PassThrough } from 'node:stream';
import { type Clock, type Fs, killGroup, onAbort, spawnProcess } from '../../../base/index.ts';
import { ContainerRuntimeError, type ExecRequest, type ExecSession } from '../runtime.ts';
import { environmentScript, execCommand, onTerminal } from './command-lines.ts';
import { exitCodeOf } from './container-process.ts';
import type { LaunchDetails } from './container-spec.ts';
import { isAlive } from './process-identity.ts';
import { resizeSession } from './terminal.ts';

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ExecSessionOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  /** For files that exist for a moment: the environment on its way to the command. */
  readonly directory: string;
  readonly sessionId: string;
}

/** Rejects with `NotRunning` when the container has ended. */
export async function startExecSession(
  options: ExecSessionOptions,
  launch: LaunchDetails,
  request: ExecRequest,
): Promise<ExecSession> {
  const { fs } = options;
  if (!(await isAlive(fs, launch))) throw new ContainerRuntimeError('NotRunning', 'the container is not running');
  const terminal = request.tty ? [{ name: 'TERM', value: 'xterm' }] : [];
  const environment = await openEnvironment(options, environmentScript([...terminal, ...launch.env]));
  const inner = execCommand(launch, request.command);
  const [command = '', ...args] = request.tty ? onTerminal(inner) : inner;
  try {
    const child = spawnProcess(command, {
      args,
      env: { PATH: searchPath, TERM: 'xterm' },
      cwd: '/',
      // A process group of its own: it is killed whole, what runs in the container's namespaces included.
      detached: true,
      stdio: [request.stdin || request.tty ? 'pipe' : 'ignore', 'pipe', 'pipe', 'ignore', environment.fd],
    });
    let ended = false;
    const kill = () => {
      if (child.pid !== undefined && !ended) killGroup(child.pid);
    };
    const cancelled = request.signal ? onAbort(request.signal, kill) : undefined;
    const exitCode = new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(ContainerRuntimeError.from(error, 'StartFailed')));
      child.on('exit', (code, signal) => {
        ended = true;
        cancelled?.[Symbol.dispose]();
        resolve(exitCodeOf(code, signal));
      });
    });
    exitCode.catch(() => {});
    child.stdin?.on('error', () => {});
    return {
      stdin: child.stdin ?? undefined,
      stdout: child.stdout ?? new PassThrough().end(),
      stderr: child.stderr ?? new PassThrough().end(),
      exitCode,
      kill,
      resize: (size) => {
        if (request.tty) void resizeSession(options, child.pid ?? 0, size, () => ended);
      },
    };
  } finally {
    await environment.close();
  }
}

async function openEnvironment({ fs, directory, sessionId }: ExecSessionOptions, text: string) {
  const path = `${directory}/exec-${sessionId}`;
  await fs.writeFile(path, text, { mode: 0o600 });
  const handle = await fs.open(path, 'r');
  await fs.unlink(path);
  return handle;
}
