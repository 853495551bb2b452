import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Clock } from '../base/index.ts';
import { Code } from './codes.ts';
import type { CallObserver, CallOptions, CsiConnection } from './connection.ts';
import { CsiError } from './errors.ts';
import { scrubSecrets } from './secrets.ts';
import { methodPath } from './service.ts';
import { checkSocketPath } from './socket-path.ts';

/** A larger answer fails with ResourceExhausted. gRPC's own default. */
const receiveLimitBytes = 4 * 1024 * 1024;

/** A driver that restarts is found again at once; one that is away costs a failed connect per second. */
const firstReconnectMs = 20;
const slowestReconnectMs = 1_000;

export interface GrpcConnectionOptions {
  /** The plugin's unix socket. */
  readonly path: string;
  readonly clock: Clock;
  readonly onCall?: CallObserver;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sameBuffer(buffer: Buffer): Buffer {
  return buffer;
}

/** One attempt on the channel. Calls of a channel without connection fail at once with Unavailable. */
function unary(client: Client, path: string, request: Buffer, deadline: number, signal?: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const cancel = () => call.cancel();
    const settle = (error: ServiceError | null, answer?: Buffer) => {
      signal?.removeEventListener('abort', cancel);
      if (error) reject(error);
      else resolve(answer ?? Buffer.alloc(0));
    };
    const call = client.makeUnaryRequest(path, sameBuffer, sameBuffer, request, new Metadata(), { deadline }, settle);
    if (signal?.aborted) call.cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
}

function decode<O extends DescMessage>(schema: O, path: string, answer: Buffer): MessageShape<O> {
  try {
    return fromBinary(schema, answer);
  } catch (cause) {
    // The call may well have had its effect: Unavailable is the code that says "ask again".
    throw new CsiError(Code.UNAVAILABLE, `the answer to ${path} cannot be decoded`, { cause });
  }
}

/**
 * What grpc-js says when the peer broke off without a status: the code that it makes up for that, often Internal, would
 * claim that the call had no effect.
 */
const brokenOff =
  /^(Received (RST_STREAM|HTTP status code)|Connection dropped|No (status information|message) received|Failed to (decompress|start)|Write (error|failed)|Too many responses)/;

/** How grpc-js tells that it could not connect, around the error of the socket. */
const notConnected = /^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note: ?$/s;

/** The failure of a call. One that came without a status of the plugin is Unavailable: ask again. */
function failureOf(thrown: unknown): CsiError {
  const error = CsiError.from(thrown);
  const socketError = notConnected.exec(error.desc)?.[1];
  if (socketError !== undefined) return new CsiError(error.code, `connection error: ${socketError}`, { cause: thrown });
  return brokenOff.test(error.desc) ? new CsiError(Code.UNAVAILABLE, error.desc, { cause: thrown }) : error;
}

/** A connection to the plugin that serves the socket. It dials at the first call, and again when the plugin returns. */
export function connectCsi(options: GrpcConnectionOptions): CsiConnection {
  const { path: socketPath, clock, onCall } = options;
  checkSocketPath(socketPath, 'CSI socket');
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    // What Go's servers expect of a unix socket; the path itself would be refused.
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': receiveLimitBytes,
    'grpc.initial_reconnect_backoff_ms': firstReconnectMs,
    'grpc.max_reconnect_backoff_ms': slowestReconnectMs,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.enable_channelz': 0,
  });
  const attempt = async <O extends DescMessage>(
    path: string,
    output: O,
    request: Buffer,
    { timeoutMs, signal }: CallOptions,
  ): Promise<MessageShape<O>> => {
    if (signal?.aborted) throw new CsiError(Code.CANCELED, 'context canceled', { cause: signal.reason });
    return decode(output, path, await clock.boundary(unary(client, path, request, clock.now() + timeoutMs, signal)));
  };
  return {
    async call(method, init, callOptions) {
      const path = methodPath(method);
      const startMs = clock.monotonic();
      let code: number = Code.OK;
      const request = create(method.input, init);
      try {
        return await attempt(path, method.output, toBuffer(toBinary(method.input, request)), callOptions);
      } catch (thrown) {
        const { code: failed, desc } = failureOf(thrown);
        code = failed;
        throw new CsiError(failed, scrubSecrets(desc, method.input, request));
      } finally {
        onCall?.({ method: path, code, durationMs: clock.monotonic() - startMs });
      }
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}
