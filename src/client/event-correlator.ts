/**
 * Decides what becomes of an event before it is written: it is spam and dropped, it is one of many alike and combined
 * with them, or it is recorded under its own message.
 * Upstream: client-go tools/record/events_cache.go, with its default numbers.
 */
import type { ObjectReference } from '../api/index.ts';
import type { Clock } from '../base/index.ts';
import { RecentMap } from './recent-map.ts';
import { type BucketOptions, TokenBucket } from './token-bucket.ts';

/** Different messages of one reason about one object within the interval that are recorded one by one. */
const similarLimit = 10;
const similarIntervalMs = 600_000;
/** Events about one object: 25 at once, then one every five minutes. */
const spamBucket: BucketOptions = { qps: 1 / 300, burst: 25 };
/** Objects and reasons that are remembered. */
const cacheLimit = 4096;

export interface EventInput {
  readonly involvedObject: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Events with the same key are one Event whose count goes up; undefined: the event is dropped as spam. */
export type Correlated = { readonly key: string; readonly message: string } | undefined;

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #similar = new RecentMap<string, Similar>(cacheLimit);
  readonly #buckets = new RecentMap<string, TokenBucket>(cacheLimit);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(event: EventInput): Correlated {
    const { apiVersion, kind, namespace, name, uid, fieldPath } = event.involvedObject;
    const object = [apiVersion, kind, namespace, name, uid].join('|');
    const kindOfEvent = [object, event.type, event.reason].join('|');
    const combined = this.#combines(kindOfEvent, event.message);
    if (!this.#allows(object)) return undefined;
    if (!combined) return { key: [kindOfEvent, fieldPath, event.message].join('|'), message: event.message };
    return { key: kindOfEvent, message: `(combined from similar events): ${event.message}` };
  }

  #combines(kindOfEvent: string, message: string): boolean {
    const nowMs = this.#clock.monotonic();
    let similar = this.#similar.get(kindOfEvent);
    if (!similar || nowMs - similar.lastMs > similarIntervalMs) {
      similar = { messages: new Set(), lastMs: nowMs };
      this.#similar.set(kindOfEvent, similar);
    }
    similar.messages.add(message);
    similar.lastMs = nowMs;
    if (similar.messages.size < similarLimit) return false;
    // The set stays just below the limit, so that it neither grows nor forgets that there are many.
    const [oldest] = similar.messages;
    if (oldest !== undefined) similar.messages.delete(oldest);
    return true;
  }

  #allows(object: string): boolean {
    let bucket = this.#buckets.get(object);
    if (!bucket) {
      bucket = new TokenBucket(this.#clock, spamBucket);
      this.#buckets.set(object, bucket);
    }
    return bucket.tryTake();
  }
}
