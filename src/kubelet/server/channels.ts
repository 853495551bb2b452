/**
 * The streams of exec and attach over one WebSocket: each message begins with a byte that names its channel.
 * Protocols v4.channel.k8s.io and v5.channel.k8s.io; v5 adds a message that closes a channel.
 */
import type { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Status } from '../../api/index.ts';
import type { TerminalSize } from '../runtime/runtime.ts';

export const channelProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Output waits while this much has not been taken by the other side. */
const bufferLimitBytes = 1024 * 1024;

export interface StreamTarget {
  /** Undefined when the caller gave no standard input. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  resize(size: TerminalSize): void;
}

function frame(number: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(number), payload]);
}

/** Sends what the stream yields on a channel, at the pace of the other side. Resolves at the stream's end. */
async function pump(socket: WebSocket, number: number, stream: Readable | undefined): Promise<void> {
  if (!stream) return;
  for await (const chunk of stream) {
    if (socket.readyState !== socket.OPEN) return;
    const sent = Promise.withResolvers<void>();
    socket.send(frame(number, chunk), () => sent.resolve());
    if (socket.bufferedAmount > bufferLimitBytes) await sent.promise;
  }
}

export function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(text);
    return Number.isInteger(Width) && Number.isInteger(Height) ? { columns: Width, rows: Height } : undefined;
  } catch {
    // A terminal that says nonsense about its size keeps the one it has.
    return undefined;
  }
}

/** Connects the socket's channels with the streams. Resolves when the outputs have ended. */
export async function connectChannels(socket: WebSocket, target: StreamTarget): Promise<void> {
  // The process may end before it has read all its input.
  target.stdin?.on('error', () => {});
  socket.on('message', (data) => {
    const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    const payload = message.subarray(1);
    if (message[0] === channel.stdin) target.stdin?.write(payload);
    else if (message[0] === channel.close && payload[0] === channel.stdin) target.stdin?.end();
    else if (message[0] === channel.resize) {
      const size = parseSize(payload.toString('utf8'));
      if (size) target.resize(size);
    }
  });
  await Promise.all([pump(socket, channel.stdout, target.stdout), pump(socket, channel.stderr, target.stderr)]);
}

/** Tells how the command ended, and closes. */
export function finish(socket: WebSocket, status: Status): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(frame(channel.error, Buffer.from(JSON.stringify({ metadata: {}, ...status }))), () => socket.close(1000));
}

/** The status of a command's end, as kubectl reads it. */
export function exitStatus(exitCode: number): Status {
  if (exitCode === 0) return { status: 'Success' };
  return {
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
