/** Peers that break the rules of gRPC, made of bare HTTP/2: every call ends, as a CsiError, and says "ask again". */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realClock } from '../base/index.ts';
import { createCsiClient } from './client.ts';
import { Code } from './codes.ts';
import { type CsiError, isFinalError } from './errors.ts';
import { connectCsi } from './grpc-connection.ts';
import { Controller } from './proto/gen/csi_pb.ts';

let directory: string;
let path: string;
let server: Http2Server;
const sessions = new Set<ServerHttp2Session>();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'csi-'));
  path = join(directory, 'csi.sock');
});

afterEach(async () => {
  for (const session of sessions) session.destroy();
  sessions.clear();
  server.close();
  await rm(directory, { recursive: true });
});

async function callPeer(behave: (stream: ServerHttp2Stream) => void, timeoutMs = 5_000): Promise<CsiError> {
  server = createServer().listen(path);
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    behave(stream);
  });
  await once(server, 'listening');
  await using connection = connectCsi({ path, clock: realClock });
  const client = createCsiClient(Controller, connection, { timeoutMs });
  return await client.createVolume({ name: 'a' }).then(
    () => expect.unreachable('the call succeeded'),
    (thrown: CsiError) => thrown,
  );
}

const grpc = { ':status': 200, 'content-type': 'application/grpc' };

function answer(
  stream: ServerHttp2Stream,
  body: Buffer,
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond(grpc, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ['answers with a frame that is cut short', (stream) => answer(stream, Buffer.from([0, 0, 0, 0, 100, 1, 2]))],
  ['announces a message of 4 GiB', (stream) => answer(stream, Buffer.from([0, 255, 255, 255, 255, 1]))],
  ['says success without a message', (stream) => answer(stream, Buffer.alloc(0))],
  ['answers with bytes that are no message', (stream) => answer(stream, Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]))],
  ['sends no status', (stream) => answer(stream, Buffer.alloc(0), {})],
  ['sends a status that is no code', (stream) => stream.respond({ ...grpc, 'grpc-status': '99' }, { endStream: true })],
  [
    'speaks plain HTTP',
    (stream) => {
      stream.respond({ ':status': 404, 'content-type': 'text/html' });
      stream.end('<html>');
    },
  ],
  ['resets the stream', (stream) => stream.close(2)],
  ['drops the connection', (stream) => stream.session?.destroy()],
])('[rel-X33] takes a call as not final when the peer %s', async (_what, behave) => {
  const error = await callPeer(behave);
  expect(error.name).toBe('CsiError');
  expect(isFinalError(error)).toBe(false);
});

test('[rel-X33] keeps control characters and size of a status text out of logs', async () => {
  const text = `%1b%5B2J%0a%zz${'x'.repeat(8_000)}`;
  const error = await callPeer((stream) =>
    stream.respond({ ...grpc, 'grpc-status': '3', 'grpc-message': text }, { endStream: true }),
  );
  expect(error.code).toBe(Code.INVALID_ARGUMENT);
  expect(error.message.length).toBeLessThan(5_000);
  expect(error.message).not.toContain('\u001b');
});

test('[rel-X34] gives up at the deadline on an answer that never ends', async () => {
  const error = await callPeer((stream) => {
    stream.respond(grpc);
    stream.write(Buffer.from([0, 0, 0, 1]));
  }, 100);
  expect(error.code).toBe(Code.DEADLINE_EXCEEDED);
});
