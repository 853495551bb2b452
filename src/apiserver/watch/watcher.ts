/**
 * One running watch: turns the store's events into frames for one selection and holds them until their reader takes
 * them. The reader is an HTTP response or an iterator in this process. What it holds is bounded: a reader who is too
 * slow loses the watch and resumes from the last revision it saw.
 */
import { ApiStatusError, apiVersionOf, type WatchOptions } from '../../api/index.ts';
import { onAbort, type Timer } from '../../base/index.ts';
import type { ServerContext } from '../pipeline/context.ts';
import { fromStored } from '../pipeline/conversion.ts';
import { checkWatchOptions, revisionOf, tooLarge } from '../pipeline/revision.ts';
import { type Selection, selectionOf } from '../pipeline/selection.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import { StoreCompacted, type StoreEvent } from '../store/store.ts';
import { bookmarkFrame, errorFrame, type FrameOptions, frameOf, WatchFrame } from './frame.ts';
import type { Watches } from './watches.ts';

/** Changes that wait for a slow reader. The initial state does not count: it is as large as it is. */
const maxPendingEvents = 10_000;

export interface WatcherOptions {
  readonly server: ServerContext;
  readonly watches: Watches;
  readonly resource: RegisteredResource;
  readonly options: WatchOptions;
  readonly user: string;
  readonly signal?: AbortSignal | undefined;
}

export class Watcher implements Disposable {
  /** Called when frames or the end have come while there was nothing to read. */
  onReadable: () => void = () => {};
  readonly #server: ServerContext;
  readonly #selection: Selection;
  readonly #frameOptions: FrameOptions;
  readonly #watchesBookmarks: boolean;
  readonly #onlyKey: string | undefined;
  #pending: WatchFrame[] = [];
  #initialCount = 0;
  #ended = false;
  #bookmarkedRevision = 0;
  #held: Disposable[] = [];

  private constructor({ server, resource, options }: WatcherOptions) {
    this.#server = server;
    this.#selection = selectionOf(resource, options.namespace, options);
    const { matches, prefix } = this.#selection;
    this.#frameOptions = {
      matches,
      convert: resource.conversion ? (object) => fromStored(resource, object) : undefined,
    };
    this.#onlyKey = prefix.endsWith('/') ? undefined : prefix;
    this.#watchesBookmarks = options.allowWatchBookmarks ?? false;
  }

  /** Throws ApiStatusErrors for options that make no sense; a revision that is gone is told by an ERROR event. */
  static async open(given: WatcherOptions): Promise<Watcher> {
    const { server, options, signal, watches, user } = given;
    checkWatchOptions(options);
    watches.checkLimit(user);
    const watcher = new Watcher(given);
    await watcher.#start(options);
    if (watcher.#ended) return watcher;
    if (signal) watcher.#held.push(onAbort(signal, () => watcher.end()));
    watcher.#held.push(watches.add(watcher, user));
    if (options.timeoutSeconds) {
      const timer: Timer = server.clock.setTimer(options.timeoutSeconds * 1000, () => watcher.#expire());
      watcher.#held.push(timer.unref());
    }
    return watcher;
  }

  async #start(options: WatchOptions): Promise<void> {
    const { store } = this.#server;
    const from = revisionOf(options.resourceVersion);
    if (options.sendInitialEvents && from !== undefined && from > store.revision) throw tooLarge(from, store.revision);
    const wantsState = options.sendInitialEvents ?? !from;
    let revision = from || store.revision;
    if (wantsState) revision = await this.#readState(options.sendInitialEvents === true);
    this.#bookmarkedRevision = revision;
    this.#initialCount = this.#pending.length;
    try {
      this.#held.push(await store.subscribe(this.#selection.prefix, revision, (events) => this.#take(events)));
    } catch (thrown) {
      if (!(thrown instanceof StoreCompacted)) throw thrown;
      const message = `too old resource version: ${revision} (${store.revision})`;
      this.#pending.push(errorFrame(ApiStatusError.of('Expired', message).status));
      this.end();
    }
  }

  /** The current state as ADDED events. Returns its revision. */
  async #readState(announceEnd: boolean): Promise<number> {
    const { items, revision } = await this.#server.store.list(this.#selection.prefix);
    const { matches, convert } = this.#frameOptions;
    for (const stored of items) {
      if (this.#onlyKey !== undefined && stored.key !== this.#onlyKey) continue;
      const object = convert ? convert(stored.object) : stored.object;
      if (!matches || matches(object)) this.#pending.push(new WatchFrame('ADDED', object));
    }
    if (announceEnd && this.#watchesBookmarks) this.#pending.push(bookmarkFrame(this.#typeMeta, revision, true));
    return revision;
  }

  get #typeMeta() {
    const { type } = this.#selection.resource;
    return { apiVersion: apiVersionOf(type), kind: type.kind };
  }

  #take(events: readonly StoreEvent[]): void {
    if (this.#ended) return;
    const before = this.#pending.length;
    for (const event of events) {
      const frame = frameOf(event, this.#frameOptions);
      if (frame) this.#pending.push(frame);
    }
    if (this.#pending.length - this.#initialCount > maxPendingEvents) {
      this.#server.logger.warn('a watch was closed because its reader is too slow', {
        resource: this.#selection.resource.name,
      });
      this.#pending = [];
      this.end();
    } else if (before === 0 && this.#pending.length > 0) {
      this.onReadable();
    }
  }

  /** Tells the reader how far the watch has come, if it has come further since the last time. */
  bookmark(): void {
    const { revision } = this.#server.store;
    if (this.#ended || !this.#watchesBookmarks || revision <= this.#bookmarkedRevision) return;
    this.#bookmarkedRevision = revision;
    this.#pending.push(bookmarkFrame(this.#typeMeta, revision, false));
    if (this.#pending.length === 1) this.onReadable();
  }

  #expire(): void {
    this.bookmark();
    this.end();
  }

  /** Takes what is there, at most so many frames. */
  take(limit = Number.POSITIVE_INFINITY): readonly WatchFrame[] {
    if (limit >= this.#pending.length) {
      const all = this.#pending;
      this.#pending = [];
      this.#initialCount = 0;
      return all;
    }
    this.#initialCount = Math.max(0, this.#initialCount - limit);
    return this.#pending.splice(0, limit);
  }

  /** Whether no frame will come after those that are there. */
  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const held of this.#held) held[Symbol.dispose]();
    this.#held = [];
    this.onReadable();
  }

  [Symbol.dispose](): void {
    this.#pending = [];
    this.onReadable = () => {};
    this.end();
  }
}
