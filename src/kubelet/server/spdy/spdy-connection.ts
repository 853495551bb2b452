/**
 * The server's side of SPDY/3.1 as Kubernetes clients speak it: streams that the client opens, each a duplex with
 * headers. There is no flow control beyond the connection's own, as in the client's library.
 */
import { Duplex } from 'node:stream';
import { HeaderCodec, SpdyError, type SpdyHeaders } from './header-codec.ts';

const version = 3;
const frameType = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const finFlag = 0x01;
const headBytes = 8;
/** Kubernetes' library sends frames of 16 KiB at most; the format would allow 16 MiB. */
const frameLimitBytes = 1024 * 1024;
/** Streams of one connection: a port-forward opens two per connection of its user. */
const streamLimit = 4096;
/** What a stream may hold for its reader before the connection is no longer read. */
const unreadLimitBytes = 256 * 1024;

export interface SpdyStream extends Duplex {
  readonly headers: SpdyHeaders;
}

class Stream extends Duplex implements SpdyStream {
  readonly headers: SpdyHeaders;
  readonly #send: (chunk: Buffer, fin: boolean, done: () => void) => void;
  #resume: (() => void) | undefined;

  constructor(headers: SpdyHeaders, send: (chunk: Buffer, fin: boolean, done: () => void) => void) {
    super({ allowHalfOpen: true, readableHighWaterMark: unreadLimitBytes });
    this.headers = headers;
    this.#send = send;
  }

  /** Resolves when more may come. */
  async receive(chunk: Buffer): Promise<void> {
    if (this.destroyed || this.readableEnded || this.push(chunk)) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      this.once('close', resolve);
    });
  }

  override _read(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#send(chunk, false, done);
  }

  override _final(done: () => void): void {
    this.#send(Buffer.alloc(0), true, done);
  }
}

/** Serves until the transport closes. Calls back for each stream that the client opens. */
export async function serveSpdy(transport: Duplex, onStream: (stream: SpdyStream) => void): Promise<void> {
  using connection = new SpdyConnection(transport, onStream);
  await connection.run();
}

class SpdyConnection implements Disposable {
  readonly #transport: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #codec = new HeaderCodec();
  readonly #streams = new Map<number, Stream>();

  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
  }

  async run(): Promise<void> {
    let rest = Buffer.alloc(0);
    try {
      for await (const chunk of this.#transport) {
        rest = Buffer.concat([rest, chunk as Buffer]);
        while (rest.length >= headBytes) {
          const length = rest.readUIntBE(5, 3);
          if (length > frameLimitBytes) throw new SpdyError('a frame is too long');
          if (rest.length < headBytes + length) break;
          const frame = rest.subarray(0, headBytes + length);
          rest = rest.subarray(headBytes + length);
          await this.#take(frame);
        }
      }
    } finally {
      for (const stream of this.#streams.values()) stream.destroy();
      this.#transport.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#codec[Symbol.dispose]();
  }

  async #take(frame: Buffer): Promise<void> {
    const flags = frame.readUInt8(4);
    const payload = frame.subarray(headBytes);
    if ((frame.readUInt8(0) & 0x80) === 0) {
      await this.#data(frame.readUInt32BE(0), payload, flags);
      return;
    }
    if ((frame.readUInt16BE(0) & 0x7fff) !== version) throw new SpdyError('a frame has another version');
    switch (frame.readUInt16BE(2)) {
      case frameType.synStream:
        await this.#open(payload, flags);
        break;
      case frameType.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff)?.destroy();
        break;
      case frameType.ping:
        this.#control(frameType.ping, 0, payload);
        break;
      case frameType.goAway:
        this.#transport.end();
        break;
      default:
      // Settings and window updates change nothing here.
    }
  }

  async #data(id: number, payload: Buffer, flags: number): Promise<void> {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (payload.length > 0) await stream.receive(Buffer.from(payload));
    if (flags & finFlag) stream.push(null);
  }

  async #open(payload: Buffer, flags: number): Promise<void> {
    if (this.#streams.size >= streamLimit) throw new SpdyError('too many streams are open');
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#codec.unpack(payload.subarray(10));
    const stream = new Stream(headers, (chunk, fin, done) => this.#send(id, chunk, fin, done));
    stream.on('close', () => this.#streams.delete(id));
    // Whoever uses the stream sees its end; a reset is one.
    stream.on('error', () => {});
    this.#streams.set(id, stream);
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    this.#control(frameType.synReply, 0, Buffer.concat([reply, await this.#codec.pack(new Map())]));
    if (flags & finFlag) stream.push(null);
    this.#onStream(stream);
  }

  #control(type: number, flags: number, payload: Buffer): void {
    const head = Buffer.alloc(headBytes);
    head.writeUInt16BE(0x8000 | version, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt8(flags, 4);
    head.writeUIntBE(payload.length, 5, 3);
    this.#write(Buffer.concat([head, payload]), () => {});
  }

  #send(id: number, chunk: Buffer, fin: boolean, done: () => void): void {
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(id, 0);
    head.writeUInt8(fin ? finFlag : 0, 4);
    head.writeUIntBE(chunk.length, 5, 3);
    this.#write(Buffer.concat([head, chunk]), done);
  }

  #write(bytes: Buffer, done: () => void): void {
    if (this.#transport.writable) this.#transport.write(bytes, () => done());
    else done();
  }
}
