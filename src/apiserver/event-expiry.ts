/**
 * Events are forgotten an hour after they last happened. One timer, and only while there are events. Upstream:
 * kube-apiserver --event-ttl.
 */
import { type Event as CoreEvent, coreEvents, groupResourceOf } from '../api/index.ts';
import type { Clock, Logger, Timer } from '../base/index.ts';
import { type Store, StoreConflict, type StoredObject } from './store/store.ts';

export interface EventExpiryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

const lifetimeMs = 60 * 60 * 1000;
/** Nobody minds an event that stays some minutes longer, and many go in one commit. */
const intervalMs = 10 * 60 * 1000;
const prefix = `${groupResourceOf(coreEvents)}/`;

export class EventExpiry implements Disposable {
  readonly #options: EventExpiryOptions;
  #subscription: Disposable | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  private constructor(options: EventExpiryOptions) {
    this.#options = options;
  }

  static async start(options: EventExpiryOptions): Promise<EventExpiry> {
    const expiry = new EventExpiry(options);
    const { items, revision } = await options.store.list(prefix);
    if (items.length > 0) expiry.#schedule();
    expiry.#subscription = await options.store.subscribe(prefix, revision, () => expiry.#schedule());
    return expiry;
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#options.clock
      .setTimer(intervalMs, () => {
        this.#timer = undefined;
        this.#sweep().catch((error: unknown) => {
          this.#options.logger.warn('old events could not be removed', { error });
          this.#schedule();
        });
      })
      .unref();
  }

  async #sweep(): Promise<void> {
    const { store, clock } = this.#options;
    const { items } = await store.list(prefix);
    const oldest = clock.now() - lifetimeMs;
    const expired = items.filter(({ object }) => lastSeenMs(object as CoreEvent) <= oldest);
    if (expired.length < items.length) this.#schedule();
    await Promise.all(expired.map((event) => this.#remove(event)));
  }

  async #remove({ key, revision }: StoredObject): Promise<void> {
    try {
      await this.#options.store.write({ key, expectedRevision: revision, object: undefined });
    } catch (thrown) {
      // It happened again just now, or somebody else removed it.
      if (!(thrown instanceof StoreConflict)) throw thrown;
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#subscription?.[Symbol.dispose]();
  }
}

function lastSeenMs({ metadata, lastTimestamp, eventTime, series }: CoreEvent): number {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime];
  return Math.max(...times.map((time) => (time ? Date.parse(time) : 0)));
}
