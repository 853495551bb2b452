/**
 * Keeps a sink equal to what the server holds of one kind: a full state first, then every change. Resumes a broken
 * watch where it ended, lists anew when the server has forgotten that place, and never takes a state that is older
 * than one it has delivered. One reflector runs per informer.
 * Upstream: client-go tools/cache/reflector.go.
 */
import {
  ApiStatusError,
  isExpired,
  isInvalid,
  isNotFound,
  type KubernetesObject,
  keyOf,
  type ResourceType,
  type Status,
  type WatchEvent,
} from '../api/index.ts';
import { backoffMs, type Clock, type Logger, messageOf, type Random, withDeadline } from '../base/index.ts';
import type { Client } from './client.ts';
import type { InformerOptions } from './informer.ts';
import { compareRevisions } from './revision.ts';
import { Watchdog } from './watchdog.ts';

export interface ReflectorSink<T> {
  /** The complete state: what is not among the items is gone. */
  replace(items: readonly T[]): void;
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: Random | undefined;
  readonly type: ResourceType<T>;
  readonly selection: InformerOptions;
  readonly sink: ReflectorSink<T>;
}

/** The server ends a watch after this long and up to twice that, so that load moves between servers. */
const watchTimeoutSeconds = 300;
/** Servers send a bookmark a minute. Three minutes without a byte: the connection is dead, or resuming costs nothing. */
const silenceMs = 180_000;
/** The first answer, and each next piece of the initial state, must come within this. */
const initialSilenceMs = 30_000;
const listTimeoutMs = 60_000;
const listPageSize = 500;
/** A broken watch is resumed within five seconds of the server's return, whatever happened before. */
const retry = { initialMs: 50, maxMs: 4_000 };
/** The longest Retry-After that is obeyed. */
const longestRetryAfterMs = 30_000;
/** A watch that lived this long was a good one: the next starts at once. */
const healthyWatchMs = 1_000;
/** Between looks for a kind that the server does not have: it may be updated. */
const notServedRetryMs = 30_000;
const initialEventsEnd = 'k8s.io/initial-events-end';

/** The server answered from a state older than one that was delivered already: a lagging replica, or a restored backup. */
export class StaleServerError extends Error {
  override readonly name = 'StaleServerError';
}

/** A kind of a group that not every server has. The core group is everywhere: there a 404 comes from something else. */
function isNotServed(thrown: unknown, { group }: ResourceType): boolean {
  return group !== '' && isNotFound(thrown);
}

function isRefusedOption(thrown: unknown): boolean {
  return isInvalid(thrown) || (thrown instanceof ApiStatusError && thrown.code === 400);
}

export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  /** Everything up to here has been delivered; undefined before the first state. */
  #revision: string | undefined;
  #mustRelist = true;
  /** Once after each watch that lasted: a server that calls its own lists too old must not be asked without pause. */
  #mayListAtOnce = true;
  #useWatchList = true;
  #failing = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Runs until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      let thrown: unknown;
      try {
        await this.#watch(signal);
      } catch (error) {
        thrown = error;
      }
      if (signal.aborted) return;
      const healthy = clock.monotonic() - startedMs >= healthyWatchMs;
      failures = healthy ? 0 : failures + 1;
      if (healthy) this.#mayListAtOnce = true;
      const delayMs = this.#afterFailure(thrown, backoffMs(retry, failures));
      // Only the signal ends the sleep early, and the loop sees it.
      if (delayMs > 0) await clock.sleep(delayMs, signal).catch(() => {});
    }
  }

  /** Takes the way the watch ended into account and returns how long to wait before the next. */
  #afterFailure(thrown: unknown, delayMs: number): number {
    const { logger } = this.#options;
    if (thrown === undefined) return delayMs;
    if (isExpired(thrown)) {
      // A server that answers is asked for a list at once: how long it was away must not be waited for once more.
      const mayAskAtOnce = this.#mayListAtOnce && !this.#mustRelist;
      this.#mayListAtOnce = false;
      this.#mustRelist = true;
      logger.debug('the watch is too old to resume, listing anew', { revision: this.#revision });
      return mayAskAtOnce ? 0 : delayMs;
    }
    if (this.#revision === undefined && isNotServed(thrown, this.#options.type)) {
      // An older server, which has none of them: whoever waits for the first state need not wait for ever.
      if (!this.#failing) logger.warn('the server does not have this kind', { error: messageOf(thrown) });
      this.#failing = true;
      this.#options.sink.replace([]);
      return notServedRetryMs;
    }
    if (!this.#failing) logger.warn('list or watch failed, trying again', { error: messageOf(thrown) });
    this.#failing = true;
    const retryAfterSeconds = thrown instanceof ApiStatusError ? thrown.status.details?.retryAfterSeconds : undefined;
    return Math.max(delayMs, Math.min((retryAfterSeconds ?? 0) * 1000, longestRetryAfterMs));
  }

  /** One watch, preceded by a list when there is nothing to resume from. Returns when the server ends it. */
  async #watch(signal: AbortSignal): Promise<void> {
    if (this.#mustRelist && !this.#useWatchList) await this.#list(signal);
    using watchdog = new Watchdog({ clock: this.#options.clock, silenceMs: initialSilenceMs, signal });
    if (!this.#mustRelist) {
      await this.#follow(watchdog, undefined);
      return;
    }
    const initial = new Map<string, T>();
    try {
      await this.#follow(watchdog, initial);
    } catch (thrown) {
      // Refused, or (by a server that does not know the option) never completed: the classic list does it.
      const unanswered = watchdog.signal.aborted && !signal.aborted;
      if (this.#mustRelist && (isRefusedOption(thrown) || unanswered)) this.#useWatchList = false;
      if (!this.#mustRelist || !isRefusedOption(thrown)) throw thrown;
    }
  }

  async #follow(watchdog: Watchdog, initial: Map<string, T> | undefined): Promise<void> {
    const { client, type, selection, random } = this.#options;
    const jitter = random?.next() ?? 0;
    await using stream = await client.watch<T>(type, {
      ...selection,
      ...(initial
        ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const }
        : { resourceVersion: this.#revision ?? '' }),
      allowWatchBookmarks: true,
      timeoutSeconds: Math.round(watchTimeoutSeconds * (1 + jitter)),
      signal: watchdog.signal,
    });
    if (!initial) watchdog.allow(silenceMs);
    let pending = initial;
    for await (const event of stream) {
      watchdog.heard();
      if (event.type === 'ERROR') throw new ApiStatusError(event.object as unknown as Status);
      if (!pending) {
        this.#deliver(event);
      } else if (event.type !== 'BOOKMARK') {
        collect(pending, event);
      } else if (event.object.metadata.annotations?.[initialEventsEnd] === 'true') {
        this.#replace([...pending.values()], event.object.metadata.resourceVersion);
        pending = undefined;
        watchdog.allow(silenceMs);
      }
    }
    // A silent watch is resumed and no failure: on a server at rest there is nothing to hear.
    if (watchdog.signal.aborted && pending) throw watchdog.signal.reason;
  }

  /** Delivers one change. Events at or before the place that was reached are replays of a confused server. */
  #deliver(event: WatchEvent<T>): void {
    const { resourceVersion } = event.object.metadata;
    if (this.#revision !== undefined && compareRevisions(resourceVersion, this.#revision) <= 0) return;
    this.#revision = resourceVersion;
    this.#failing = false;
    if (event.type === 'BOOKMARK' || event.type === 'ERROR') return;
    this.#options.sink.apply(event.type, event.object);
  }

  #replace(items: readonly T[], revision: string): void {
    if (this.#revision !== undefined && compareRevisions(revision, this.#revision) < 0) {
      throw new StaleServerError(`the server is at revision ${revision}, ${this.#revision} was seen before`);
    }
    this.#revision = revision;
    this.#mustRelist = false;
    if (this.#failing) this.#options.logger.info('listing and watching again', { revision });
    this.#failing = false;
    this.#options.sink.replace(items);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const items: T[] = [];
    let next: string | undefined;
    let revision = '';
    try {
      do {
        const page = await this.#page(signal, {
          limit: listPageSize,
          ...(next === undefined ? {} : { continue: next }),
        });
        for (const item of page.items) items.push(item);
        // All pages are of the first one's revision.
        revision ||= page.resourceVersion;
        next = page.continue || undefined;
      } while (next !== undefined);
    } catch (thrown) {
      if (next === undefined || !isExpired(thrown)) throw thrown;
      // The pages expired while they were read: a single answer cannot.
      const whole = await this.#page(signal, {});
      this.#replace(whole.items, whole.resourceVersion);
      return;
    }
    this.#replace(items, revision);
  }

  #page(signal: AbortSignal, paging: { limit?: number; continue?: string }) {
    const { client, clock, type, selection } = this.#options;
    const deadline = { clock, timeoutMs: listTimeoutMs, what: `list ${type.plural}`, signal };
    return withDeadline(deadline, (inner) => client.list<T>(type, { ...selection, ...paging, signal: inner }));
  }
}

function collect<T extends KubernetesObject>(objects: Map<string, T>, event: WatchEvent<T>): void {
  const key = keyOf(event.object);
  if (event.type === 'DELETED') objects.delete(key);
  else objects.set(key, event.object);
}
