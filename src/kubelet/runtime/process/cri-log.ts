/**
 * Writes a container's output as log lines of the CRI: `<time> <stream> <P|F> <text>`. A line that is longer than a
 * piece is written in pieces marked P, the last one F. The file is turned over when it has grown to its limit.
 */
import type { Clock, Fs } from '../../../base/index.ts';

export type LogStream = 'stdout' | 'stderr';

/** Upstream: containerd cuts lines at 16 KiB. */
const pieceBytes = 16 * 1024;
/** Upstream: the kubelet's containerLogMaxSize. One older file is kept beside the current one. */
export const logFileLimitBytes = 10 * 1024 * 1024;
/** Output that waits for the disk. Beyond it the container's pipe is not read, so that the container waits. */
const pendingLimitBytes = 1024 * 1024;

const newline = 0x0a;

/** RFC 3339 with nanoseconds, of which the clock knows the first three digits. */
function logTimestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 23)}000000Z`;
}

/** Cuts one stream's bytes into log lines. */
export class LineCutter {
  readonly #stream: LogStream;
  readonly #clock: Clock;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: LogStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  add(chunk: Buffer): Buffer {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const out: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(newline, start);
      const stop = end < 0 ? bytes.length : end;
      while (stop - start > pieceBytes) {
        out.push(...this.#line('P', bytes.subarray(start, start + pieceBytes)));
        start += pieceBytes;
      }
      if (end < 0) break;
      out.push(...this.#line('F', bytes.subarray(start, end)));
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    return Buffer.concat(out);
  }

  /** What is left when the stream ends without a newline. */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length > 0 ? Buffer.concat(this.#line('F', rest)) : rest;
  }

  #line(tag: 'P' | 'F', text: Buffer): Buffer[] {
    return [Buffer.from(`${logTimestamp(this.#clock)} ${this.#stream} ${tag} `), text, Buffer.of(newline)];
  }
}

type LogFs = Pick<Fs, 'open' | 'rename'>;

/** Appends to one container's log file, in order. A disk that refuses costs log lines and never the container. */
export class CriLog {
  readonly #fs: LogFs;
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  #sizeBytes = 0;

  constructor(fs: LogFs, path: string, onError: (error: unknown) => void) {
    this.#fs = fs;
    this.#path = path;
    this.#onError = onError;
  }

  /** Whether more may come; else wait for drained(). */
  write(lines: Buffer): boolean {
    if (lines.length > 0) {
      this.#pending.push(lines);
      this.#pendingBytes += lines.length;
      this.#writing ??= this.#flush();
    }
    return this.#pendingBytes < pendingLimitBytes;
  }

  /** Resolves when all that was written is in the file. */
  async drained(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #flush(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const batch = Buffer.concat(this.#pending);
        this.#pending = [];
        await this.#append(batch);
        this.#pendingBytes -= batch.length;
      }
    } catch (error) {
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#onError(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #append(batch: Buffer): Promise<void> {
    if (this.#sizeBytes > logFileLimitBytes) {
      await this.#fs.rename(this.#path, `${this.#path}.1`);
      this.#sizeBytes = 0;
    }
    const file = await this.#fs.open(this.#path, 'a', 0o640);
    try {
      await file.appendFile(batch);
      this.#sizeBytes += batch.length;
    } finally {
      await file.close();
    }
  }
}
