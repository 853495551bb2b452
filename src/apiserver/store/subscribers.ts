/**
 * Who listens to a store, by prefix. A commit finds its listeners through the parts of its key, so it costs nothing
 * that a thousand others listen elsewhere.
 */
import type { StoreEvent, StoreListener } from './store.ts';

interface Subscriber {
  readonly listener: StoreListener;
  active: boolean;
}

export class Subscribers {
  readonly #onError: (thrown: unknown) => void;
  readonly #byPrefix = new Map<string, Set<Subscriber>>();

  constructor(onError: (thrown: unknown) => void) {
    this.#onError = onError;
  }

  add(prefix: string, listener: StoreListener): Disposable {
    const subscriber: Subscriber = { listener, active: true };
    const subscribers = this.#byPrefix.get(prefix) ?? new Set();
    this.#byPrefix.set(prefix, subscribers.add(subscriber));
    return {
      [Symbol.dispose]: () => {
        subscriber.active = false;
        subscribers.delete(subscriber);
        if (subscribers.size === 0 && this.#byPrefix.get(prefix) === subscribers) this.#byPrefix.delete(prefix);
      },
    };
  }

  /** Calls every listener once with its events. Who subscribes meanwhile is not called: it reads them as history. */
  publish(events: readonly StoreEvent[]): void {
    const told = new Map<Subscriber, StoreEvent[]>();
    for (const event of events) {
      for (const prefix of prefixesOf(event.key)) {
        for (const subscriber of this.#byPrefix.get(prefix) ?? []) {
          const batch = told.get(subscriber);
          if (batch) batch.push(event);
          else told.set(subscriber, [event]);
        }
      }
    }
    for (const [subscriber, batch] of told) {
      if (subscriber.active) this.tell(subscriber.listener, batch);
    }
  }

  /** A listener that throws harms neither the store nor the other listeners. */
  tell(listener: StoreListener, events: readonly StoreEvent[]): void {
    try {
      listener(events);
    } catch (thrown) {
      this.#onError(thrown);
    }
  }
}

/** What a subscription to a key may be named by: everything, each part up to a slash, and the key itself. */
function* prefixesOf(key: string): Generator<string> {
  yield '';
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) yield key.slice(0, slash + 1);
  yield key;
}
