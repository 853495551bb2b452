/** A watch over HTTP: one JSON document per line. Reads on only as fast as it is iterated. */
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { type KubernetesObject, readForm, type WatchEvent, type WatchStream } from '../api/index.ts';
import { deepFreeze, messageOf } from '../base/index.ts';
import { hasNulls } from './http-answer.ts';
import { TransportError } from './http-status.ts';

/** Objects have at most some megabytes; a longer line is no event. */
const eventLimitBytes = 16 * 1024 * 1024;

export class HttpWatchStream implements WatchStream {
  readonly #response: IncomingMessage;
  readonly #signal: AbortSignal | undefined;
  #ended = false;

  constructor(response: IncomingMessage, signal: AbortSignal | undefined) {
    this.#response = response;
    this.#signal = signal;
    // An error between two reads must not be one that nobody listens to; the next read tells it.
    response.on('error', () => {});
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchEvent> {
    try {
      for await (const line of linesOf(this.#response)) {
        if (this.#over) return;
        if (line !== '') yield parseEvent(line);
      }
    } catch (thrown) {
      if (this.#over) return;
      if (thrown instanceof TransportError) throw thrown;
      throw new TransportError(`the watch broke off: ${messageOf(thrown)}`, { cause: thrown });
    } finally {
      this.#response.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#response.destroy();
  }

  get #over(): boolean {
    return this.#ended || this.#signal?.aborted === true;
  }
}

function parseEvent(line: string): WatchEvent<KubernetesObject> {
  try {
    const event = JSON.parse(line) as WatchEvent;
    return deepFreeze(hasNulls(line) ? { ...event, object: readForm(event.object) } : event);
  } catch (cause) {
    throw new TransportError('the watch sent a line that is not JSON', { cause });
  }
}

/** The lines of a body. Text after the last line break is an event that was cut: it is not a line. */
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    const text = decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      pieces.push(text.slice(start, end));
      start = end + 1;
      yield pieces.join('');
      pieces = [];
      pendingBytes = 0;
    }
    if (start === text.length) continue;
    pieces.push(text.slice(start));
    pendingBytes += text.length - start;
    if (pendingBytes > eventLimitBytes)
      throw new TransportError(`the watch sent more than ${eventLimitBytes} bytes in one line`);
  }
}
