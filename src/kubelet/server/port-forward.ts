/**
 * Forwards connections to a pod's ports. Two protocols: SPDY streams, a pair per connection, as kubectl sends them in
 * a WebSocket; and channels of one WebSocket, a pair per port. Containers are on the host's network.
 */
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';
import { type Logger, messageOf } from '../../base/index.ts';
import { type SpdyStream, serveSpdy } from './spdy/spdy-connection.ts';

export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

export interface PortForwardTarget {
  readonly podIp: string;
  readonly logger: Logger;
}

/** Ports of one request over channels; upstream does not count, and nobody needs more. */
const portLimit = 64;
const bufferLimitBytes = 1024 * 1024;

function dial(podIp: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: podIp, port, allowHalfOpen: true });
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function parsePort(text: string | undefined): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** SPDY in the messages of a WebSocket. */
export function serveTunnel(socket: WebSocket, target: PortForwardTarget): Promise<void> {
  return servePortForward(createWebSocketStream(socket), target);
}

/** Serves port-forward streams until the client goes. */
export async function servePortForward(transport: Duplex, target: PortForwardTarget): Promise<void> {
  const waiting = new Map<string, SpdyStream>();
  try {
    await serveSpdy(transport, (stream) => {
      const id = stream.headers.get('requestid') ?? stream.headers.get('port') ?? '';
      const other = waiting.get(id);
      if (!other) {
        waiting.set(id, stream);
        return;
      }
      waiting.delete(id);
      const isError = stream.headers.get('streamtype') === 'error';
      void forward(isError ? { data: other, error: stream } : { data: stream, error: other }, target);
    });
  } catch (thrown) {
    target.logger.debug('port-forward ended', { error: messageOf(thrown) });
  }
}

async function forward(
  streams: { readonly data: SpdyStream; readonly error: SpdyStream },
  { podIp }: PortForwardTarget,
): Promise<void> {
  const { data, error } = streams;
  // Clients say nothing on it and wait for its end.
  error.resume();
  try {
    const port = parsePort(data.headers.get('port'));
    if (port === undefined) throw new RangeError(`${data.headers.get('port')} is not a port`);
    const socket = await dial(podIp, port);
    data.pipe(socket);
    socket.pipe(data);
    data.on('close', () => socket.destroy());
    socket.on('close', () => error.end());
  } catch (thrown) {
    data.end();
    data.resume();
    error.end(`error forwarding port ${data.headers.get('port')} to pod: ${messageOf(thrown)}`);
  }
}

function frame(channel: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(channel), payload]);
}

/** Two channels per port, data and errors; the first message on each names the port. */
export async function servePortChannels(
  socket: WebSocket,
  ports: readonly string[],
  { podIp }: PortForwardTarget,
): Promise<void> {
  const numbers = ports.flatMap((text) => text.split(',')).map(parsePort);
  if (numbers.length === 0 || numbers.length > portLimit || numbers.includes(undefined)) {
    socket.close(1008, 'ports');
    return;
  }
  const connections: (Socket | undefined)[] = [];
  // What the client says meanwhile must find a listener.
  socket.pause();
  socket.on('close', () => {
    for (const connection of connections) connection?.destroy();
  });
  for (const [index, port = 0] of numbers.entries()) {
    const name = Buffer.alloc(2);
    name.writeUInt16LE(port);
    for (const channel of [2 * index, 2 * index + 1]) socket.send(frame(channel, name));
    try {
      connections[index] = await dial(podIp, port);
      void pump(socket, 2 * index, connections[index]);
    } catch (thrown) {
      socket.send(frame(2 * index + 1, Buffer.from(`error forwarding port ${port} to pod: ${messageOf(thrown)}`)));
    }
  }
  socket.on('message', (message) => {
    const bytes = Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer);
    const [channel = 1] = bytes;
    if (channel % 2 === 0) connections[channel / 2]?.write(bytes.subarray(1));
  });
  socket.resume();
}

async function pump(socket: WebSocket, channel: number, connection: Socket): Promise<void> {
  try {
    for await (const chunk of connection) {
      const sent = Promise.withResolvers<void>();
      socket.send(frame(channel, chunk), () => sent.resolve());
      if (socket.bufferedAmount > bufferLimitBytes) await sent.promise;
    }
  } catch {
    // A connection that breaks ends like one that is closed.
  }
  socket.close(1000);
}
