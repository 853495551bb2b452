/**
 * A line of JSON before and one after each call, for tests that prove which calls came, in which order and with which
 * fields. The line before is written when the handler starts: a driver that dies in the call leaves it behind.
 */
import type { FileHandle } from 'node:fs/promises';
import { type Clock, type Fs, messageOf } from '../../base/index.ts';
import { Code, CsiError, codeName, type Interceptor, stripSecrets } from '../../csi/index.ts';

export class CallLog implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #clock: Clock;
  #writing: Promise<void> = Promise.resolve();
  #calls = 0;

  private constructor(file: FileHandle, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Appends to the file. It holds no secrets, but names and paths: readable to its owner only. */
  static async open(fs: Fs, clock: Clock, path: string): Promise<CallLog> {
    return new CallLog(await fs.open(path, 'a', 0o600), clock);
  }

  /** Logs the calls of one socket. The node is that of the socket; undefined for the controller's. */
  interceptor(node: string | undefined): Interceptor {
    return async ({ method, request }, next) => {
      const call = ++this.#calls;
      const startMs = this.#clock.monotonic();
      const service = method.parent.name;
      const fields = { call, service, method: method.name, ...(node === undefined ? {} : { node }) };
      await this.#write({ event: 'begin', ...fields, request: stripSecrets(method.input, request) });
      const end = (code: number, error?: string) => {
        const durationMs = Math.round((this.#clock.monotonic() - startMs) * 1000) / 1000;
        return this.#write({ event: 'end', ...fields, code: codeName(code), durationMs, ...(error ? { error } : {}) });
      };
      try {
        const answer = await next();
        await end(Code.OK);
        return answer;
      } catch (thrown) {
        const error = thrown instanceof CsiError ? thrown : new CsiError(Code.INTERNAL, messageOf(thrown));
        await end(error.code, error.desc);
        throw thrown;
      }
    };
  }

  #write(fields: Readonly<Record<string, unknown>>): Promise<void> {
    const line = `${JSON.stringify({ time: new Date(this.#clock.now()).toISOString(), ...fields })}\n`;
    this.#writing = this.#writing.then(() => this.#file.appendFile(line));
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }
}
