/** Watch streams as a process hears them when the network or the server's caches are not at their best. */
import { ApiStatusError, keyOf, type WatchEvent, type WatchStream } from '../../src/api/index.ts';
import type { Clock } from '../../src/base/index.ts';

/** Longer than every periodic look of the controllers, so that these look at the old picture too. */
export const heldMs = 20_000;

function isChange({ type }: WatchEvent): boolean {
  return type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED';
}

/** Hands every event to the callback, which returns what is heard instead. */
export function mapStream(
  stream: WatchStream,
  hear: (event: WatchEvent) => readonly WatchEvent[] | Promise<readonly WatchEvent[]>,
): WatchStream {
  async function* heard() {
    for await (const event of stream) for (const instead of await hear(event)) yield instead;
  }
  return { [Symbol.asyncIterator]: heard, [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose]() };
}

/** The stream until the promise rejects: then it breaks off with that. */
export function until(broken: Promise<never>, stream: WatchStream): WatchStream {
  async function* heard() {
    const events = stream[Symbol.asyncIterator]();
    for (let next = await first(events, broken); !next.done; next = await first(events, broken)) yield next.value;
  }
  return { [Symbol.asyncIterator]: heard, [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose]() };
}

async function first(events: AsyncIterator<WatchEvent>, broken: Promise<never>) {
  return await Promise.race([events.next(), broken]);
}

/** Lets events through until the chosen one; that and what follows come when the time is over. */
export function lateFrom(
  clock: Clock,
  stream: WatchStream,
  isReached: (event: WatchEvent) => boolean,
  signal: AbortSignal | undefined,
): WatchStream {
  let until: Promise<void> | undefined;
  return mapStream(stream, async (event) => {
    // A signal that ends the watch ends the wait.
    if (!until && isReached(event)) until = clock.sleep(heldMs, signal).catch(() => {});
    await until;
    return signal?.aborted ? [] : [event];
  });
}

/**
 * Swallows the chosen event: the next event about the same object takes its place. Should none come, the server says
 * that the watch has expired, as one does that has compacted its history.
 */
export function without(
  clock: Clock,
  stream: WatchStream,
  isChosen: (event: WatchEvent) => boolean,
  signal: AbortSignal | undefined,
): WatchStream {
  let hidden: WatchEvent | undefined;
  const expired = Promise.withResolvers<never>();
  expired.promise.catch(() => {});
  async function* heard() {
    const events = stream[Symbol.asyncIterator]();
    while (true) {
      const next = await (hidden ? Promise.race([events.next(), expired.promise]) : events.next());
      if (next.done) return;
      const event = next.value;
      if (!hidden && isChange(event) && isChosen(event)) {
        hidden = event;
        void clock.sleep(heldMs, signal).then(
          () => expired.reject(expiredError()),
          () => {},
        );
      } else if (hidden && isChange(event) && keyOf(event.object) === keyOf(hidden.object)) {
        const before = hidden;
        hidden = undefined;
        yield* merged(before, event);
      } else if (!hidden || event.type !== 'BOOKMARK') {
        yield event;
      }
    }
  }
  return { [Symbol.asyncIterator]: heard, [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose]() };
}

function expiredError(): ApiStatusError {
  return new ApiStatusError({
    status: 'Failure',
    reason: 'Expired',
    code: 410,
    message: 'too old resource version',
  });
}

/** What is left of two events about one object when the first was not heard. */
function merged(first: WatchEvent, second: WatchEvent): readonly WatchEvent[] {
  if (first.type === 'ADDED') return second.type === 'DELETED' ? [] : [{ ...second, type: 'ADDED' }];
  return [second];
}
