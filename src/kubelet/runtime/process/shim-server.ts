/** Serves a Shim on a unix socket to the node agents of this machine. */
import type { Socket } from 'node:net';
import type { Clock, Logger, Timer } from '../../../base/index.ts';
import { type ContainerRecord, ContainerRuntimeError } from '../runtime.ts';
import type { LogStream } from './cri-log.ts';
import { onLine, sendLine } from './json-lines.ts';
import type { Shim } from './shim.ts';
import type { ShimAnswer, ShimRequest } from './shim-protocol.ts';

/** A new shim is up in a tenth of a second, so there is no use in waiting long for the next agent. */
const idleTimeoutMs = 250;

/** Output that waits for an agent; more is not sent. The log file has it all. */
const unreadLimitBytes = 4 * 1024 * 1024;

export interface ShimServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nobody is connected and nothing runs, since a while. */
  readonly onIdle: () => void;
}

export class ShimServer {
  readonly #options: ShimServerOptions;
  readonly #connections = new Map<Socket, string | undefined>();
  readonly #attached = new Map<Socket, Set<string>>();
  #shim: Shim | undefined;
  #idle: Timer | undefined;

  constructor(options: ShimServerOptions) {
    this.#options = options;
  }

  serve(shim: Shim): void {
    this.#shim = shim;
    this.#watchIdle();
  }

  announce(owner: string, record: ContainerRecord): void {
    for (const [socket, connected] of this.#connections) if (connected === owner) sendLine(socket, { record });
    this.#watchIdle();
  }

  /** Passes output on to those who attached. One who does not read loses it: the container must not wait. */
  output(containerId: string, stream: LogStream, chunk: Buffer): void {
    for (const [socket, ids] of this.#attached) {
      if (!ids.has(containerId) || socket.writableLength > unreadLimitBytes) continue;
      sendLine(socket, { output: { id: containerId, stream, data: chunk.toString('base64') } });
    }
  }

  accept(socket: Socket): void {
    this.#connections.set(socket, undefined);
    this.#watchIdle();
    // The agent's death is no fault of ours.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#connections.delete(socket);
      this.#attached.delete(socket);
      this.#watchIdle();
    });
    onLine(socket, (message) => void this.#answer(socket, message as ShimRequest));
  }

  async #answer(socket: Socket, request: ShimRequest): Promise<void> {
    let answer: ShimAnswer;
    try {
      if (!this.#shim) throw new ContainerRuntimeError('Unavailable', 'the shim is starting');
      // Before the records are read: no event may fall between.
      if (request.method === 'hello') this.#connections.set(socket, (request.params as { owner: string }).owner);
      answer = { id: request.id, result: await this.#shim.call(request.method, request.params) };
      this.#noteAttachment(socket, request);
    } catch (thrown) {
      const { code, message } = ContainerRuntimeError.from(thrown, 'Unavailable');
      answer = { id: request.id, error: { code, message } };
    }
    if (!socket.destroyed) sendLine(socket, answer);
  }

  #noteAttachment(socket: Socket, { method, params }: ShimRequest): void {
    if (method !== 'attach' && method !== 'detach') return;
    const { id } = params as { id: string };
    const ids = this.#attached.get(socket) ?? new Set();
    if (method === 'attach') ids.add(id);
    else ids.delete(id);
    this.#attached.set(socket, ids);
  }

  #watchIdle(): void {
    this.#idle?.[Symbol.dispose]();
    this.#idle = undefined;
    if (this.#connections.size > 0 || !this.#shim || this.#shim.running > 0) return;
    this.#idle = this.#options.clock.setTimer(idleTimeoutMs, this.#options.onIdle);
  }
}
