/** Real gRPC over real unix sockets: server and connection against each other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { realClock, realFs } from '../base/index.ts';
import { createCsiClient } from './client.ts';
import { Code } from './codes.ts';
import type { CallReport } from './connection.ts';
import { CsiError } from './errors.ts';
import { connectCsi } from './grpc-connection.ts';
import { Controller, Identity } from './proto/gen/csi_pb.ts';
import { type CsiServer, startServer } from './server.ts';
import { type Interceptor, type ServedService, serve } from './service.ts';

const timeoutMs = 5_000;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'csi-'));
  path = join(directory, 'csi.sock');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function start(services: readonly ServedService[], interceptors: readonly Interceptor[] = []): Promise<CsiServer> {
  return startServer({ path, services, interceptors, clock: realClock, fs: realFs });
}

function connectController(onCall?: (report: CallReport) => void) {
  const connection = connectCsi({ path, clock: realClock, ...(onCall ? { onCall } : {}) });
  return {
    client: createCsiClient(Controller, connection, { timeoutMs }),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

describe('server and connection', () => {
  test('carry a call with 64-bit integers that no double holds', async () => {
    const capacity = 2n ** 53n + 1n;
    await using _server = await start([
      serve(Controller, {
        createVolume: async ({ name, capacityRange }) => ({
          volume: { volumeId: name, capacityBytes: capacityRange?.requiredBytes ?? 0n },
        }),
      }),
    ]);
    const calls: CallReport[] = [];
    await using controller = connectController((report) => calls.push(report));
    const { volume } = await controller.client.createVolume({ name: 'a', capacityRange: { requiredBytes: capacity } });
    expect(volume).toMatchObject({ volumeId: 'a', capacityBytes: capacity });
    expect(calls).toEqual([{ method: '/csi.v1.Controller/CreateVolume', code: 0, durationMs: expect.any(Number) }]);
  });

  test('carry the code and text of a CsiError; anything else a handler throws is Internal', async () => {
    await using _server = await start([
      serve(Controller, {
        createVolume: async () => {
          throw new CsiError(Code.OUT_OF_RANGE, 'größer als erlaubt');
        },
        deleteVolume: async () => {
          throw new Error('disk on fire');
        },
      }),
    ]);
    await using controller = connectController();
    await expect(controller.client.createVolume({})).rejects.toMatchObject({
      name: 'CsiError',
      message: 'rpc error: code = OutOfRange desc = größer als erlaubt',
    });
    await expect(controller.client.deleteVolume({})).rejects.toMatchObject({ code: Code.INTERNAL });
    await expect(controller.client.getCapacity({})).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  });

  test('answer Unimplemented for a service that is not there', async () => {
    await using _server = await start([serve(Identity, {})]);
    await using controller = connectController();
    await expect(controller.client.listVolumes({})).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  });

  test('[rel-X34] end a call at its deadline and tell the handler', async () => {
    const told = Promise.withResolvers<void>();
    await using _server = await start([
      serve(Controller, {
        createVolume: async (_request, { signal }) => {
          signal.addEventListener('abort', () => told.resolve());
          return await new Promise<never>(() => {});
        },
      }),
    ]);
    await using controller = connectController();
    await expect(controller.client.createVolume({}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: Code.DEADLINE_EXCEEDED,
    });
    await told.promise;
  });

  test('cancel a call whose signal aborts', async () => {
    const entered = Promise.withResolvers<AbortSignal>();
    await using _server = await start([
      serve(Controller, {
        deleteVolume: async (_request, { signal }) => {
          entered.resolve(signal);
          return await new Promise<never>(() => {});
        },
      }),
    ]);
    await using controller = connectController();
    const abort = new AbortController();
    const call = controller.client.deleteVolume({}, { signal: abort.signal });
    const served = await entered.promise;
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: Code.CANCELED });
    if (!served.aborted) await once(served, 'abort');
  });

  test('run interceptors around each call, the first outermost', async () => {
    const seen: string[] = [];
    const note =
      (name: string): Interceptor =>
      async (call, next) => {
        seen.push(`${name} before ${call.path}`);
        const answer = await next();
        seen.push(`${name} after`);
        return answer;
      };
    await using _server = await start(
      [serve(Identity, { probe: async () => ({ ready: true }) })],
      [note('a'), note('b')],
    );
    await using connection = connectCsi({ path, clock: realClock });
    expect((await createCsiClient(Identity, connection, { timeoutMs }).probe({})).ready).toBe(true);
    expect(seen).toEqual(['a before /csi.v1.Identity/Probe', 'b before /csi.v1.Identity/Probe', 'b after', 'a after']);
  });

  test('[rel-S-SE2] repeat no secret of the request in an error', async () => {
    await using _server = await start([
      serve(Controller, {
        createVolume: async ({ secrets }) => {
          throw new CsiError(Code.UNAUTHENTICATED, `bad key ${secrets.key}`);
        },
      }),
    ]);
    await using controller = connectController();
    await expect(controller.client.createVolume({ secrets: { key: 'hunter22' } })).rejects.toThrow(
      'bad key ***stripped***',
    );
  });
});

describe('connection', () => {
  test('sends the authority localhost', async () => {
    const server = new Server();
    const identity = (bytes: Buffer) => bytes;
    const hosts: string[] = [];
    const probe = {
      path: '/csi.v1.Identity/Probe',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    server.addService(
      { probe },
      {
        probe: (call: { getHost(): string }, respond: (error: null, bytes: Buffer) => void) => {
          hosts.push(call.getHost());
          respond(null, Buffer.of(0xff, 0xff));
        },
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    await using connection = connectCsi({ path, clock: realClock });
    // The answer is no protobuf message: what the call did is unknown, so the code is one that is not final.
    await expect(createCsiClient(Identity, connection, { timeoutMs }).probe({})).rejects.toMatchObject({
      code: Code.UNAVAILABLE,
    });
    expect(hosts).toEqual(['localhost']);
    server.forceShutdown();
  });

  test('[rel-X33] refuses an answer above 4 MiB as ResourceExhausted', async () => {
    const big = { volumeContext: { a: 'x'.repeat(5 * 1024 * 1024) } };
    await using _server = await start([serve(Controller, { createVolume: async () => ({ volume: big }) })]);
    await using controller = connectController();
    await expect(controller.client.createVolume({})).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  test('is Unavailable while no plugin serves the socket, and finds it when it comes', async () => {
    await using controller = connectController();
    await expect(controller.client.getCapacity({})).rejects.toMatchObject({
      code: Code.UNAVAILABLE,
      desc: `connection error: connect ENOENT ${path}`,
    });
    await using _server = await start([serve(Controller, { getCapacity: async () => ({ availableCapacity: 7n }) })]);
    await vi.waitFor(async () => expect((await controller.client.getCapacity({})).availableCapacity).toBe(7n));
  });

  test('[rel-X34] is Unavailable when the peer does not speak HTTP/2', async () => {
    const peer = createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(path);
    await once(peer, 'listening');
    await using controller = connectController();
    await expect(controller.client.getCapacity({})).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    peer.close();
  });

  test('[rel-F-DR1] is not final when the plugin dies in the middle of the call', async () => {
    const script = join(import.meta.dirname, 'testing', 'stuck-driver.ts');
    const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await using controller = connectController();
    const call = controller.client.createVolume({});
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toContain('called');
    child.kill('SIGKILL');
    await expect(call).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });
});

describe('server', () => {
  test('[rel-S-FS21] makes its socket 0600 and leaves nothing when it stops', async () => {
    const server = await start([]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['csi.sock']);
    await server[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual([]);
  });

  test('replaces a stale socket', async () => {
    const script = join(import.meta.dirname, 'testing', 'stuck-driver.ts');
    const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await stat(path)).isSocket()).toBe(true);
    await using _server = await start([serve(Identity, { probe: async () => ({}) })]);
    await using connection = connectCsi({ path, clock: realClock });
    await createCsiClient(Identity, connection, { timeoutMs }).probe({});
  });

  test('refuses a socket that another process serves, and a file that is no socket', async () => {
    await using _server = await start([]);
    await expect(start([])).rejects.toThrow(`endpoint ${path} is served by another process`);
    const file = join(directory, 'file');
    await writeFile(file, '');
    await expect(startServer({ path: file, services: [], clock: realClock, fs: realFs })).rejects.toThrow(
      `endpoint ${file} exists and is not a socket`,
    );
  });

  test('serves a path of exactly 107 bytes and refuses one of 108', async () => {
    const fill = (length: number) => join(directory, 'x'.repeat(length - Buffer.byteLength(directory) - 1));
    await using _server = await startServer({
      path: fill(107),
      services: [serve(Identity, { probe: async () => ({}) })],
      clock: realClock,
      fs: realFs,
    });
    await using connection = connectCsi({ path: fill(107), clock: realClock });
    await createCsiClient(Identity, connection, { timeoutMs }).probe({});
    await expect(startServer({ path: fill(108), services: [], clock: realClock, fs: realFs })).rejects.toThrow(
      fill(108),
    );
    expect(() => connectCsi({ path: fill(108), clock: realClock })).toThrow(fill(108));
  });
});
