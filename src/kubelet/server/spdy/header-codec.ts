/** Header blocks of SPDY/3: name and value pairs, compressed with one zlib stream per direction. */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary, lengthPrefixed } from './dictionary.ts';

export type SpdyHeaders = ReadonlyMap<string, string>;

/** A stream's headers are four short words; what unpacks to more is an attack. */
const blockLimitBytes = 64 * 1024;

export class SpdyError extends Error {
  override readonly name = 'SpdyError';
}

export class HeaderCodec implements Disposable {
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary });
  readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary });
  #unpacked: Buffer[] = [];
  #packed: Buffer[] = [];

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#unpacked.push(chunk));
    this.#deflate.on('data', (chunk: Buffer) => this.#packed.push(chunk));
  }

  /** Blocks must be unpacked in the order in which they came, one at a time. */
  async unpack(block: Buffer): Promise<SpdyHeaders> {
    this.#unpacked = [];
    await new Promise<void>((resolve, reject) => {
      this.#inflate.once('error', reject);
      this.#inflate.write(block, () => {
        this.#inflate.off('error', reject);
        resolve();
      });
    });
    const bytes = Buffer.concat(this.#unpacked);
    if (bytes.length > blockLimitBytes) throw new SpdyError('a header block is too long');
    return parseHeaders(bytes);
  }

  async pack(headers: SpdyHeaders): Promise<Buffer> {
    this.#packed = [];
    const count = Buffer.alloc(4);
    count.writeUInt32BE(headers.size);
    const pairs = [...headers].flatMap(([name, value]) => [lengthPrefixed(name), lengthPrefixed(value)]);
    await new Promise<void>((resolve) => {
      this.#deflate.write(Buffer.concat([count, ...pairs]));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve);
    });
    return Buffer.concat(this.#packed);
  }

  [Symbol.dispose](): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

function parseHeaders(bytes: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let at = 0;
  const number = () => {
    if (at + 4 > bytes.length) throw new SpdyError('a header block is cut short');
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > bytes.length) throw new SpdyError('a header block is cut short');
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase();
    headers.set(name, text());
  }
  return headers;
}
