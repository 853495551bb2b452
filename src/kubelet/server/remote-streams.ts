/** The streams of exec and attach over SPDY: one per kind, told apart by their headers, for clients without WebSocket. */
import type { Duplex } from 'node:stream';
import type { Status } from '../../api/index.ts';
import type { TerminalSize } from '../runtime/runtime.ts';
import { parseSize } from './channels.ts';
import { type SpdyStream, serveSpdy } from './spdy/spdy-connection.ts';

export const streamProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

export interface WantedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly resize: boolean;
}

export interface RemoteStreams {
  readonly stdin: SpdyStream | undefined;
  readonly stdout: SpdyStream | undefined;
  readonly stderr: SpdyStream | undefined;
  onResize(callback: (size: TerminalSize) => void): void;
  finish(status: Status): void;
}

/** Calls back when the client has opened every stream that it asked for. Resolves when the connection ends. */
export async function serveRemoteStreams(
  transport: Duplex,
  wanted: WantedStreams,
  onReady: (streams: RemoteStreams) => void,
): Promise<void> {
  const kinds = ['stdin', 'stdout', 'stderr', 'resize'] as const;
  const expected = new Set<string>(['error', ...kinds.filter((kind) => wanted[kind])]);
  const opened = new Map<string, SpdyStream>();
  await serveSpdy(transport, (stream) => {
    const kind = stream.headers.get('streamtype') ?? '';
    opened.set(kind, stream);
    if (kind === 'error' || kind === 'stdout' || kind === 'stderr') stream.resume();
    if ([...expected].every((name) => opened.has(name))) onReady(collect(transport, opened));
  });
}

function collect(transport: Duplex, opened: ReadonlyMap<string, SpdyStream>): RemoteStreams {
  return {
    stdin: opened.get('stdin'),
    stdout: opened.get('stdout'),
    stderr: opened.get('stderr'),
    onResize(callback) {
      opened.get('resize')?.on('data', (chunk: Buffer) => {
        for (const text of chunk.toString('utf8').split('\n')) {
          const size = text === '' ? undefined : parseSize(text);
          if (size) callback(size);
        }
      });
    },
    finish(status) {
      opened.get('stdout')?.end();
      opened.get('stderr')?.end();
      opened.get('error')?.end(JSON.stringify({ metadata: {}, ...status }), () => transport.end());
    },
  };
}
