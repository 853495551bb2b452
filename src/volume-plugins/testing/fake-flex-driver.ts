/** A FlexVolume driver in memory: answers each command with what a test says, and remembers what it was asked. */
import { type Exec, ExecError, TimeoutError } from '../../base/index.ts';

/** Text as the process would write it, an object as JSON, a failure of the process, or more calls to decide by. */
export type FakeAnswer = string | object | Error | ((args: readonly string[]) => FakeAnswer | Promise<FakeAnswer>);

export const success = { status: 'Success' };
export const notSupported = { status: 'Not supported' };
export const failure = (message: string) => ({ status: 'Failure', message });

export class FakeFlexDriver implements Exec {
  /** `<executable's name> <command> <args>`, in order. */
  readonly calls: string[] = [];
  readonly timeouts = new Map<string, number>();
  readonly answers = new Map<string, FakeAnswer>();
  /** Of commands without an answer of their own. */
  fallback: FakeAnswer = notSupported;

  constructor(answers: Readonly<Record<string, FakeAnswer>> = {}) {
    for (const [command, answer] of Object.entries({ init: success, ...answers })) this.answers.set(command, answer);
  }

  run: Exec['run'] = async (executable, [command = '', ...args], { timeoutMs, signal }) => {
    this.calls.push([command, ...args].join(' '));
    this.timeouts.set(command, timeoutMs);
    signal?.throwIfAborted();
    const { promise: killed, reject } = Promise.withResolvers<never>();
    killed.catch(() => {});
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    let answer = this.answers.get(command) ?? this.fallback;
    while (typeof answer === 'function') answer = await Promise.race([answer([executable, ...args]), killed]);
    if (answer instanceof Error) throw answer;
    return { exitCode: 0, stdout: typeof answer === 'string' ? answer : JSON.stringify(answer), stderr: '' };
  };

  commands(): readonly string[] {
    return this.calls.map((call) => call.split(' ', 1)[0] ?? '');
  }
}

interface Death {
  readonly stdout?: string;
  readonly exitCode?: number;
  readonly killedBy?: NodeJS.Signals;
}

/** A process that ended otherwise than with status 0. */
export function died({ stdout = '', exitCode, killedBy }: Death): ExecError {
  return new ExecError(`driver exited with status ${exitCode}`, {
    command: 'driver',
    args: [],
    stdout,
    exitCode,
    killedBy,
  });
}

/** A process that was killed at its deadline. */
export function hung(stdout = ''): ExecError {
  return new ExecError('driver timed out', { command: 'driver', args: [], stdout, cause: new TimeoutError('late') });
}
