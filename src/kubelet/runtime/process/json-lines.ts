/** Messages on a stream: one JSON text per line. */
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A message holds one container's configuration, or the records of all. A peer that sends more is cut off. */
const lineLimitCharacters = 16 * 1024 * 1024;

export function sendLine(stream: Duplex, message: object): void {
  stream.write(`${JSON.stringify(message)}\n`);
}

/** Calls back for each message; destroys the stream when it is not one. */
export function onLine(stream: Duplex, callback: (message: unknown) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    rest += decoder.write(chunk);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch (error) {
        stream.destroy(error instanceof Error ? error : undefined);
        return;
      }
      callback(message);
    }
    if (rest.length > lineLimitCharacters) stream.destroy(new Error('a message is too long'));
  });
}
