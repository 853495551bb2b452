/**
 * A gRPC server on a unix socket. It owns the socket file: made private before anybody can connect, put in place
 * whole, taken away at the end. Whoever starts a server disposes it.
 */

import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { type Clock, type Fs, ifExists, UsageError } from '../base/index.ts';
import { type DispatchEntry, dispatchTable, handlerError, type Interceptor, type ServedService } from './service.ts';
import { checkSocketPath } from './socket-path.ts';

/** Calls in progress may end for this long when the server stops. */
const stopGraceMs = 2_000;

/** More calls at once on one connection wait in the client. */
const concurrentCallLimit = 1_000;

const receiveLimitBytes = 4 * 1024 * 1024;

export interface ServerOptions {
  /** Absolute path of the socket. */
  readonly path: string;
  readonly services: readonly ServedService[];
  /** Run around every call, in this order: logs, latency, faults. */
  readonly interceptors?: readonly Interceptor[];
  readonly clock: Clock;
  readonly fs: Fs;
}

/** A server that accepts calls. Disposing ends it, and its calls after a short grace. */
export interface CsiServer extends AsyncDisposable {
  readonly path: string;
}

type RawCall = ServerUnaryCall<Buffer, Uint8Array>;

function textMetadata(call: RawCall): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [key, value] of Object.entries(call.metadata.getMap())) if (typeof value === 'string') text[key] = value;
  return text;
}

async function answer(entry: DispatchEntry, call: RawCall, respond: sendUnaryData<Uint8Array>): Promise<void> {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  try {
    const request: Message = fromBinary(entry.method.input, call.request);
    const context = { signal: controller.signal, metadata: textMetadata(call) };
    respond(null, toBinary(entry.method.output, await entry.dispatch(request, context)));
  } catch (thrown) {
    const { code, desc } = handlerError(thrown);
    respond({ code, details: desc });
  }
}

function addServices(server: Server, options: ServerOptions): void {
  const table = dispatchTable(options.services, options.interceptors ?? []);
  for (const [path, entry] of table) {
    server.addService(
      {
        [entry.method.name]: {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: (request: Buffer) => request,
          requestDeserialize: (request: Buffer) => request,
          responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      { [entry.method.name]: (call: RawCall, respond: sendUnaryData<Uint8Array>) => void answer(entry, call, respond) },
    );
  }
}

/** Whether a process accepts connections on the socket. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function checkPlace(fs: Fs, path: string): Promise<void> {
  const found = await ifExists(fs.lstat(path));
  if (!found) return;
  if (!found.isSocket()) throw new UsageError(`endpoint ${path} exists and is not a socket`);
  if (await isServed(path)) throw new UsageError(`endpoint ${path} is served by another process`);
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Under this name, in its private directory, the socket waits for its place. */
const unplacedName = 'listening';

/**
 * Listens in a private directory and renames the socket into place: nobody finds it half-made or open to others, and
 * a stale one is replaced in one step. The directory is reached through a descriptor, which keeps the path short.
 */
async function listen(server: Server, { fs, path }: ServerOptions): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await checkPlace(fs, path);
  const privateDirectory = join(dirname(path), `.${basename(path)}.new`);
  await fs.rm(privateDirectory, { recursive: true, force: true });
  await fs.mkdir(privateDirectory, { mode: 0o700 });
  const descriptor = await fs.open(privateDirectory, 'r');
  try {
    await bind(server, `/proc/self/fd/${descriptor.fd}/${unplacedName}`);
    const unplaced = join(privateDirectory, unplacedName);
    await fs.chmod(unplaced, 0o600);
    await fs.rename(unplaced, path);
  } finally {
    await descriptor.close();
    await fs.rm(privateDirectory, { recursive: true, force: true });
  }
}

function stop(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(stopGraceMs, () => server.forceShutdown());
    server.tryShutdown(() => {
      timer[Symbol.dispose]();
      resolve();
    });
  });
}

/** Serves the services on the socket. Throws a UsageError for a path that cannot be a socket or is in use. */
export async function startServer(options: ServerOptions): Promise<CsiServer> {
  const { path, fs, clock } = options;
  checkSocketPath(path, 'endpoint');
  const server = new Server({
    'grpc.max_receive_message_length': receiveLimitBytes,
    'grpc.max_concurrent_streams': concurrentCallLimit,
    'grpc.enable_channelz': 0,
  });
  addServices(server, options);
  await listen(server, options);
  const { ino } = await fs.lstat(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      // A successor may have put its own socket in the place meanwhile.
      if ((await ifExists(fs.lstat(path)))?.ino === ino) await ifExists(fs.unlink(path));
      await stop(server, clock);
    },
  };
}
