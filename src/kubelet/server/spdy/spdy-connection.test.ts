import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { headerDictionary } from './dictionary.ts';
import { HeaderCodec } from './header-codec.ts';
import { type SpdyStream, serveSpdy } from './spdy-connection.ts';

/** Two ends of one wire. */
function wire(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: () => Duplex | undefined) =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        other()?.push(chunk);
        done();
      },
      final(done) {
        other()?.push(null);
        done();
      },
    });
  ends.push(
    make(() => ends[1]),
    make(() => ends[0]),
  );
  return ends as [Duplex, Duplex];
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

function data(id: number, payload: string, fin = false): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id, 0);
  head.writeUInt8(fin ? 1 : 0, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, Buffer.from(payload)]);
}

async function openStream(codec: HeaderCodec, id: number, headers: Record<string, string>): Promise<Buffer> {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(id, 0);
  return control(1, 0, Buffer.concat([head, await codec.pack(new Map(Object.entries(headers)))]));
}

describe('SPDY', () => {
  it('compresses headers against the dictionary of the standard', async () => {
    using codec = new HeaderCodec();
    const block = await codec.pack(new Map([['streamtype', 'error']]));
    expect(headerDictionary).toHaveLength(1423);
    expect(block.readUInt32BE(2)).toBe(0xe3c6a7c2);
    using other = new HeaderCodec();
    expect(await other.unpack(block)).toEqual(new Map([['streamtype', 'error']]));
  });

  it('hands out the streams that the client opens, and carries data both ways', async () => {
    const [client, server] = wire();
    using codec = new HeaderCodec();
    const streams: SpdyStream[] = [];
    const opened = Promise.withResolvers<void>();
    const serving = serveSpdy(server, (stream) => {
      streams.push(stream);
      if (streams.length === 2) opened.resolve();
    });
    client.write(await openStream(codec, 1, { streamtype: 'error', port: '80' }));
    client.write(await openStream(codec, 3, { streamtype: 'data', port: '80' }));
    // A frame may come in pieces.
    const bytes = data(3, 'question', true);
    client.write(bytes.subarray(0, 5));
    client.write(bytes.subarray(5));
    await opened.promise;
    expect(streams.map(({ headers }) => headers.get('streamtype'))).toEqual(['error', 'data']);
    const [, stream] = streams;
    expect(stream && (await text(stream))).toBe('question');
    const answer = new Promise<Buffer>((resolve) => {
      client.on('data', (chunk: Buffer) => {
        if (chunk.includes('answer')) resolve(chunk);
      });
    });
    stream?.end('answer');
    expect((await answer).subarray(0, 4).readUInt32BE(0)).toBe(3);
    client.end();
    await serving;
  });

  it('refuses frames that nobody sends', async () => {
    const [client, server] = wire();
    const serving = serveSpdy(server, () => {});
    client.write(Buffer.concat([Buffer.from([0, 0, 0, 1, 0]), Buffer.from([0xff, 0xff, 0xff])]));
    await expect(serving).rejects.toThrow('a frame is too long');
    expect(server.destroyed).toBe(true);
  });
});
