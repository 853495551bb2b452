/** Who is joined with the streams of which container, on the agent's side of the shim's connection. */
import { PassThrough, Writable } from 'node:stream';
import type { AttachSession, ContainerRecord } from '../runtime.ts';
import type { LogStream } from './cri-log.ts';
import type { ShimClient } from './shim-client.ts';

interface Joined {
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
}

/** Output that nobody reads; more is dropped, for the log has it. */
const unreadLimitBytes = 4 * 1024 * 1024;

export class Attachments {
  readonly #client: Pick<ShimClient, 'call'>;
  readonly #joined = new Map<string, Set<Joined>>();

  constructor(client: Pick<ShimClient, 'call'>) {
    this.#client = client;
  }

  async attach({ id, stdin }: ContainerRecord): Promise<AttachSession> {
    const streams: Joined = { stdout: new PassThrough(), stderr: new PassThrough() };
    const joined = this.#joined.get(id) ?? new Set();
    this.#joined.set(id, joined.add(streams));
    const leave = () => {
      joined.delete(streams);
      streams.stdout.end();
      streams.stderr.end();
      // An ended container has left by itself.
      if (joined.size > 0 || !this.#joined.delete(id)) return;
      // The shim may be gone, and the attachment with it.
      this.#client.call('detach', { id }).catch(() => {});
    };
    try {
      await this.#client.call('attach', { id });
    } catch (thrown) {
      leave();
      throw thrown;
    }
    return {
      ...streams,
      stdin: stdin ? this.#stdin(id) : undefined,
      resize: (size) => void this.#client.call('resize', { id, size }).catch(() => {}),
      [Symbol.dispose]: leave,
    };
  }

  output(id: string, stream: LogStream, chunk: Buffer): void {
    for (const streams of this.#joined.get(id) ?? []) {
      if (streams[stream].writableLength < unreadLimitBytes) streams[stream].write(chunk);
    }
  }

  /** The container has ended. */
  end(id: string): void {
    for (const { stdout, stderr } of this.#joined.get(id) ?? []) {
      stdout.end();
      stderr.end();
    }
    this.#joined.delete(id);
  }

  #stdin(id: string): Writable {
    const call = (data: string | undefined, done: (error?: Error | null) => void) =>
      this.#client.call('stdin', data === undefined ? { id } : { id, data }).then(
        () => done(),
        (error: Error) => done(error),
      );
    return new Writable({
      write: (chunk: Buffer, _, done) => void call(chunk.toString('base64'), done),
      final: (done) => void call(undefined, done),
    });
  }
}
