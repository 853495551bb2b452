/**
 * The node agent's connection to the shim: starts the shim when there is none, connects anew when the connection is
 * lost, and lets go of it when there is nothing to do, so that an idle shim can end.
 */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Clock, exists, type Fs, type Logger, spawnProcess, withDeadline } from '../../../base/index.ts';
import { type ContainerRecord, ContainerRuntimeError } from '../runtime.ts';
import type { LogStream } from './cri-log.ts';
import { onLine, sendLine } from './json-lines.ts';
import { findShimEntry } from './shim-entry.ts';
import {
  alreadyServed,
  readyLine,
  type ShimMessage,
  type ShimMethod,
  type ShimMethods,
  socketName,
} from './shim-protocol.ts';

export interface ShimClientOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Short enough for a unix socket in it. */
  readonly directory: string;
  readonly owner: string;
  readonly onRecord: (record: ContainerRecord) => void;
  readonly onOutput: (containerId: string, stream: LogStream, chunk: Buffer) => void;
  /** The shim is gone, and every container with it or to be asked about again. */
  readonly onLost: () => void;
}

/** The shim starts in a tenth of a second; a machine that is loaded takes longer. */
const startTimeoutMs = 20_000;
/** A start waits for its turn and for the setup's own deadline. */
const callTimeoutMs = 300_000;

const logName = 'shim.log';
/** Of the log's end, in an error. */
const shownLogCharacters = 500;
const callAttempts = 3;
/** A shim that dies may accept one more connection while the kernel closes what it had open. */
const reconnectAfterMs = 50;
/** Between looks whether another agent's shim listens. */
const redialMs = 20;

interface Connection {
  readonly socket: Socket;
  readonly calls: Map<number, PromiseWithResolvers<unknown>>;
  self: Promise<Connection> | undefined;
  lost: boolean;
}

class ConnectionLostError extends ContainerRuntimeError {
  constructor() {
    super('Unavailable', 'the connection to the container shim is lost');
  }
}

export class ShimClient implements AsyncDisposable {
  readonly #options: ShimClientOptions;
  #connection: Promise<Connection> | undefined;
  #nextId = 1;
  #pendingCalls = 0;
  #disposed = false;

  constructor(options: ShimClientOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether a shim serves the directory, or has left records in it. */
  async hasState(): Promise<boolean> {
    const { fs, directory } = this.#options;
    if (await exists(fs, join(directory, socketName))) return true;
    const left = await fs.readdir(join(directory, 'containers')).catch(() => []);
    return left.length > 0;
  }

  async call<M extends ShimMethod>(method: M, params: ShimMethods[M]['params']): Promise<ShimMethods[M]['result']> {
    this.#pendingCalls++;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#send(await this.connect(), method, params);
        } catch (thrown) {
          // The shim ended or was replaced. Every method may be repeated, so the next shim answers.
          if (!(thrown instanceof ConnectionLostError) || this.#disposed || attempt === callAttempts) throw thrown;
          await this.#options.clock.sleep(reconnectAfterMs);
        }
      }
    } finally {
      this.#pendingCalls--;
    }
  }

  async connect(): Promise<Connection> {
    if (this.#disposed) throw new ContainerRuntimeError('Unavailable', 'the container runtime is stopped');
    if (this.#connection) return await this.#connection;
    const opening = this.#open().catch((error: unknown) => {
      if (this.#connection === opening) this.#connection = undefined;
      throw ContainerRuntimeError.from(error, 'Unavailable');
    });
    this.#connection = opening;
    const connection = await opening;
    connection.self = opening;
    return connection;
  }

  /** Closes the connection; the next call opens it again. */
  async release(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    if (!connection || this.#pendingCalls > 0) return;
    this.#connection = undefined;
    connection.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    connection?.socket.destroy();
  }

  async #send<M extends ShimMethod>(
    connection: Connection,
    method: M,
    params: ShimMethods[M]['params'],
  ): Promise<ShimMethods[M]['result']> {
    if (connection.lost) throw new ConnectionLostError();
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<unknown>();
    connection.calls.set(id, waiting);
    const { clock } = this.#options;
    try {
      sendLine(connection.socket, { id, method, params });
      const deadline = { clock, timeoutMs: callTimeoutMs, what: `the container shim's ${method}` };
      return (await withDeadline(deadline, () => clock.boundary(waiting.promise))) as ShimMethods[M]['result'];
    } finally {
      connection.calls.delete(id);
    }
  }

  async #open(): Promise<Connection> {
    const { directory, owner } = this.#options;
    const path = join(directory, socketName);
    const socket = (await this.#dial(path)) ?? (await this.#startAndDial(path));
    const connection: Connection = { socket, calls: new Map(), self: undefined, lost: false };
    onLine(socket, (message) => this.#receive(connection, message as ShimMessage));
    socket.on('error', () => {});
    socket.on('close', () => this.#lose(connection));
    const { records } = await this.#send(connection, 'hello', { owner });
    for (const record of records) this.#options.onRecord(record);
    return connection;
  }

  #receive(connection: Connection, message: ShimMessage): void {
    if ('record' in message) {
      this.#options.onRecord(message.record);
      return;
    }
    if ('output' in message) {
      const { id, stream, data } = message.output;
      this.#options.onOutput(id, stream, Buffer.from(data, 'base64'));
      return;
    }
    const waiting = connection.calls.get(message.id);
    if (message.error) waiting?.reject(new ContainerRuntimeError(message.error.code, message.error.message));
    else waiting?.resolve(message.result);
  }

  #lose(connection: Connection): void {
    connection.lost = true;
    const current = this.#connection === connection.self;
    if (current) this.#connection = undefined;
    for (const waiting of connection.calls.values()) waiting.reject(new ConnectionLostError());
    if (current) this.#options.onLost();
  }

  #dial(path: string): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect(path);
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(socket);
      });
      socket.once('error', () => resolve(undefined));
    });
  }

  async #startAndDial(path: string): Promise<Socket> {
    const { clock, fs } = this.#options;
    const entry = await findShimEntry(fs);
    const what = 'start of the container shim';
    const { text, socket } = await withDeadline({ clock, timeoutMs: startTimeoutMs, what }, async (signal) => {
      const said = await clock.boundary(this.#spawn(entry));
      let opened = await this.#dial(path);
      // Two nodes of a machine start at once: the other one's shim has the directory, and does not listen yet.
      while (!opened && said === endedWith(alreadyServed)) {
        await clock.sleep(redialMs, signal);
        opened = await this.#dial(path);
      }
      return { text: said, socket: opened };
    });
    if (socket) return socket;
    const log = await fs.readFile(join(this.#options.directory, logName), 'utf8').catch(() => '');
    const why = [text, log.trim().slice(-shownLogCharacters)].filter(Boolean).join(': ');
    throw new ContainerRuntimeError('Unavailable', `the container shim did not start: ${why}`);
  }

  /** Resolves when the shim listens, or with what it said when it ended instead. */
  async #spawn(entry: string): Promise<string> {
    const { fs, directory } = this.#options;
    await fs.mkdir(directory, { recursive: true, mode: 0o700 });
    const log = await fs.open(join(directory, logName), 'a', 0o600);
    try {
      const child = spawnProcess(process.execPath, {
        args: [...shimFlags(entry), entry, directory],
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
        cwd: '/',
        detached: true,
        stdio: ['ignore', 'pipe', log.fd],
      });
      const text = await new Promise<string>((resolve) => {
        let output = '';
        child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
          if (output.includes(`${readyLine}\n`)) resolve(readyLine);
        });
        child.once('exit', (code) => resolve(endedWith(code)));
        child.once('error', (error) => resolve(error.message));
      });
      child.stdout?.destroy();
      child.unref();
      return text;
    } finally {
      await log.close();
    }
  }
}

function endedWith(status: number | null): string {
  return `it exited with status ${status}`;
}

/** The shim holds a few records and copies lines: a small heap, and no compiler that has nothing to do. */
const smallHeap = ['--max-semi-space-size=1', '--max-old-space-size=128'];

/** Node.js strips types with WebAssembly, which the mode without a compiler has not. */
function shimFlags(entry: string): readonly string[] {
  return entry.endsWith('.ts') ? smallHeap : ['--lite-mode', ...smallHeap];
}
