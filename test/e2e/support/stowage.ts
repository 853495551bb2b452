/** Runs `stowage up` as users do, and kubectl against it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '..', '..', '..');
const kubectlPath = join(root, '.cache', 'kubectl');
const readyTimeoutMs = 30_000;
const kubectlTimeoutMs = 60_000;

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? kubectlTimeoutMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** The built program where there is one, else the sources. */
export function programEntry(): string {
  const built = join(root, 'dist', 'stowage.js');
  return existsSync(built) ? built : join(root, 'src', 'cmd', 'main.ts');
}

export class Stowage implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readyLine = '';
  log = '';
  /** From the exec of node to the ready line. */
  secondsToReady = 0;
  readonly #startedAt = performance.now();

  readonly #wrapped: boolean;

  private constructor(child: ChildProcess, directory: string, wrapped: boolean) {
    this.child = child;
    this.#wrapped = wrapped;
    this.directory = directory;
    this.dataDir = join(directory, 'data');
    this.kubeconfig = join(directory, 'kubeconfig');
  }

  /** A folder that a later start can continue on. */
  static async makeDirectory(): Promise<string> {
    return mkdtemp(join(tmpdir(), 'stow-'));
  }

  static async start(
    options: { directory?: string; args?: readonly string[]; wrapper?: readonly string[] } = {},
  ): Promise<Stowage> {
    const directory = options.directory ?? (await Stowage.makeDirectory());
    const entry = programEntry();
    const [command = process.execPath, ...before] = [...(options.wrapper ?? []), process.execPath];
    const child = spawn(
      command,
      [
        ...before,
        entry,
        'up',
        '--data-dir',
        join(directory, 'data'),
        '--kubeconfig',
        join(directory, 'kubeconfig'),
        '--listen',
        '127.0.0.1:0',
        ...(options.args ?? []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const stowage = new Stowage(child, directory, options.wrapper !== undefined);
    await stowage.#untilReady();
    return stowage;
  }

  async #untilReady(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`not ready within ${readyTimeoutMs} ms:\n${this.log}`)),
      readyTimeoutMs,
    );
    const read = (text: string) => {
      this.log += text;
      const line = /^ready in .*$/m.exec(this.log);
      if (line) {
        this.readyLine = line[0];
        this.secondsToReady = Math.round(performance.now() - this.#startedAt) / 1000;
        resolve();
      }
    };
    this.child.stdout?.setEncoding('utf8').on('data', read);
    this.child.stderr?.setEncoding('utf8').on('data', read);
    this.child.once('exit', (code) => reject(new Error(`exited with ${code}:\n${this.log}`)));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  kubectl(args: string | readonly string[], input?: string): Promise<Output> {
    const list = typeof args === 'string' ? args.split(' ') : args;
    const command = existsSync(kubectlPath) ? kubectlPath : 'kubectl';
    const env = { ...process.env, KUBECONFIG: this.kubeconfig, HOME: this.directory };
    return run(command, list, { env, ...(input === undefined ? {} : { input }) });
  }

  /** Runs a command line that begins with kubectl in a terminal of its own, as `script` makes one. */
  inTerminal(commandLine: string): Promise<Output> {
    const command = existsSync(kubectlPath) ? kubectlPath : 'kubectl';
    const env = { ...process.env, KUBECONFIG: this.kubeconfig, HOME: this.directory };
    return run('script', ['-qec', commandLine.replace(/^kubectl/, command), '/dev/null'], { env });
  }

  /** kubectl that must succeed; returns what it printed. */
  async ok(args: string | readonly string[], input?: string): Promise<string> {
    const output = await this.kubectl(args, input);
    if (output.code !== 0) throw new Error(`kubectl ${args} failed: ${output.stderr}${output.stdout}\n${this.log}`);
    return output.stdout;
  }

  /** Asks until what kubectl prints passes, or fails with the last output. */
  async until(
    args: string | readonly string[],
    accept: (stdout: string) => boolean,
    timeoutMs = 30_000,
  ): Promise<string> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const output = await this.kubectl(args);
      if (accept(output.stdout)) return output.stdout;
      if (Date.now() > end)
        throw new Error(`kubectl ${args} still prints:\n${output.stdout}${output.stderr}\n${this.log}`);
      await delay(50);
    }
  }

  /** Sends a signal and waits for the end; returns the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    process.kill(this.#pid(), signal);
    const [code] = await ended;
    return code;
  }

  /** The program itself: a wrapper's child where there is one. */
  #pid(): number {
    const pid = this.child.pid ?? 0;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return this.#wrapped && child ? Number(child) : pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
