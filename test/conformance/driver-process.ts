/** A CSI driver as a child process, for tests that look at it from outside only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { realClock } from '../../src/base/index.ts';
import {
  Controller,
  type ControllerClient,
  type CsiConnection,
  connectCsi,
  createCsiClient,
  Identity,
  type IdentityClient,
  Node,
  type NodeClient,
} from '../../src/csi/index.ts';

const callTimeoutMs = 20_000;

export interface CallLine {
  readonly event: 'begin' | 'end';
  readonly method: string;
  readonly node?: string;
  readonly code?: string;
  readonly request?: Readonly<Record<string, unknown>>;
}

export class DriverProcess implements AsyncDisposable {
  readonly directory: string;
  readonly #flags: readonly string[];
  readonly #connections: CsiConnection[] = [];
  #child: ChildProcess | undefined;

  private constructor(directory: string, flags: readonly string[]) {
    this.directory = directory;
    this.#flags = flags;
  }

  /** Starts the driver with a controller socket and sockets of the nodes n0 and n1. */
  static async start(flags: readonly string[]): Promise<DriverProcess> {
    const driver = new DriverProcess(await mkdtemp(join(tmpdir(), 'hostpath-')), flags);
    await driver.start();
    return driver;
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  get stateDirectory(): string {
    return this.path('state');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const script = join(import.meta.dirname, 'run-hostpath.ts');
    const sockets = ['--endpoint', `unix://${this.path('csi.sock')}`, '--node', `n0=${this.path('n0.sock')}`];
    const second = ['--node', `n1=${this.path('n1.sock')}`, '--call-log', this.path('calls.log')];
    const args = [
      script,
      ...sockets,
      ...second,
      '--statedir',
      this.stateDirectory,
      '--exit-with-parent',
      ...this.#flags,
    ];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    const first = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit')]);
    if (first[0] !== 'serving') throw new Error(`the driver did not start: ${first[0]}`);
  }

  #connect(name: string): CsiConnection {
    const connection = connectCsi({ path: this.path(name), clock: realClock });
    this.#connections.push(connection);
    return connection;
  }

  controller(): ControllerClient {
    return createCsiClient(Controller, this.#connect('csi.sock'), { timeoutMs: callTimeoutMs });
  }

  identity(): IdentityClient {
    return createCsiClient(Identity, this.#connect('csi.sock'), { timeoutMs: callTimeoutMs });
  }

  node(name: string): NodeClient {
    return createCsiClient(Node, this.#connect(`${name}.sock`), { timeoutMs: callTimeoutMs });
  }

  async calls(): Promise<CallLine[]> {
    const text = await readFile(this.path('calls.log'), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as CallLine]));
  }

  /** Ends the process, by a signal or by closing its standard input, and returns its exit code. */
  async end(how: NodeJS.Signals | 'parent'): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    this.#child = undefined;
    const exit = once(child, 'exit');
    if (how === 'parent') child.stdin?.end();
    else child.kill(how);
    const [code] = await exit;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) await connection[Symbol.asyncDispose]();
    await this.end('SIGTERM');
    await rm(this.directory, { recursive: true });
  }
}
