/**
 * Writes Events in the background. Callers never wait: an event that finds the queue full is dropped. An Event that
 * happens again is counted up in place, and what happened while its last write was on the way is one write.
 * Upstream: client-go tools/record/event.go.
 */
import {
  ApiStatusError,
  coreEvents,
  type Event,
  isAlreadyExists,
  isNotFound,
  type KubernetesObject,
  type ObjectReference,
} from '../api/index.ts';
import { type Clock, type Logger, messageOf, type Random, timestamp, withDeadline } from '../base/index.ts';
import type { Client } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';
import type { EventRecorder } from './events.ts';
import { RecentMap } from './recent-map.ts';
import { done, type ReconcileResult, type WorkQueue } from './reconciler.ts';
import { runReconciler } from './run-reconciler.ts';

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  /** Who reports: `persistentvolume-controller`, `kubelet`. */
  readonly component: string;
  /** The node, for those who report from one. */
  readonly host?: string;
  readonly logger: Logger;
}

/** Events that wait for their write; more are dropped. */
const queueLimit = 1_000;
const concurrency = 8;
/** Tries per event: an event is worth some patience while the server restarts, not a queue that lasts for ever. */
const tries = 12;
const retry = { initialMs: 500, maxMs: 10_000 };
const flushTimeoutMs = 2_000;
/** Recorded events that are counted up when they happen again. */
const cacheLimit = 4096;
const longestName = 253;
/** Where events about cluster-scoped objects are put. */
const defaultNamespace = 'default';

interface RecordedEvent {
  readonly namespace: string;
  readonly name: string;
  readonly involvedObject: ObjectReference;
  readonly type: string;
  readonly reason: string;
  readonly firstTimestamp: string;
  message: string;
  lastTimestamp: string;
  count: number;
  /** What the server was told; 0 while it knows nothing. */
  writtenCount: number;
  failures: number;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder & AsyncDisposable {
  return new Recorder(options);
}

class Recorder implements EventRecorder, AsyncDisposable {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #recorded = new RecentMap<string, RecordedEvent>(cacheLimit);
  readonly #unwritten = new Map<string, RecordedEvent>();
  readonly #queue: WorkQueue & AsyncDisposable;
  #lastNanoseconds = 0n;
  #dropping = false;
  #closed: Promise<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: EventRecorderOptions) {
    const { clock, logger } = options;
    this.#options = options;
    this.#correlator = new EventCorrelator(clock);
    this.#queue = runReconciler({
      name: 'event-recorder',
      clock,
      logger,
      concurrency,
      backoff: retry,
      reconcile: (key, signal) => this.#write(key, signal),
    });
  }

  event(object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#closed) return;
    const involvedObject = referenceTo(object);
    const correlated = this.#correlator.correlate({ involvedObject, type, reason, message });
    if (!correlated) return;
    const { key } = correlated;
    if (!this.#unwritten.has(key) && this.#unwritten.size >= queueLimit) {
      if (!this.#dropping) this.#options.logger.warn('events are dropped, too many wait to be written', { queueLimit });
      this.#dropping = true;
      return;
    }
    this.#dropping = false;
    const now = timestamp(this.#options.clock);
    let recorded = this.#recorded.get(key);
    if (!recorded) {
      recorded = {
        namespace: object.metadata.namespace || defaultNamespace,
        name: this.#nameOf(object.metadata.name),
        involvedObject,
        type,
        reason,
        message: correlated.message,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 0,
        writtenCount: 0,
        failures: 0,
      };
      this.#recorded.set(key, recorded);
    }
    recorded.count++;
    recorded.message = correlated.message;
    recorded.lastTimestamp = now;
    this.#unwritten.set(key, recorded);
    this.#queue.add(key);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#unwritten.size > 0) {
      const { clock, logger } = this.#options;
      this.#idle = Promise.withResolvers();
      const idle = this.#idle.promise;
      await withDeadline({ clock, timeoutMs: flushTimeoutMs, what: 'last events' }, () => idle).catch(() => {
        logger.warn('events were not written before the end', { events: this.#unwritten.size });
      });
    }
    await this.#queue[Symbol.asyncDispose]();
  }

  async #write(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const recorded = this.#unwritten.get(key);
    if (!recorded) return done;
    const { count } = recorded;
    try {
      if (recorded.writtenCount > 0) await this.#update(recorded, signal);
      else await this.#create(recorded, signal);
    } catch (thrown) {
      if (signal.aborted) return done;
      recorded.failures++;
      if (recorded.failures < tries && isWorthRetrying(thrown)) throw thrown;
      const { reason, involvedObject } = recorded;
      const fields = { reason, object: involvedObject.name, namespace: involvedObject.namespace };
      this.#options.logger.warn('the server did not take an event', { ...fields, error: messageOf(thrown) });
      this.#recorded.delete(key);
      this.#settle(key);
      return done;
    }
    recorded.failures = 0;
    recorded.writtenCount = count;
    if (recorded.count === count) this.#settle(key);
    return done;
  }

  #settle(key: string): void {
    this.#unwritten.delete(key);
    if (this.#unwritten.size === 0) this.#idle?.resolve();
  }

  async #update(recorded: RecordedEvent, signal: AbortSignal): Promise<void> {
    const { namespace, name, count, message, lastTimestamp } = recorded;
    const patch = { type: 'strategic' as const, body: { count, message, lastTimestamp } };
    try {
      await this.#options.client.patch(coreEvents, { namespace, name }, patch, { signal });
    } catch (thrown) {
      // Events expire after an hour: what happens again then is a new one.
      if (!isNotFound(thrown)) throw thrown;
      await this.#create(recorded, signal);
    }
  }

  async #create(recorded: RecordedEvent, signal: AbortSignal): Promise<void> {
    const { component, host, client } = this.#options;
    const { namespace, name, involvedObject, type, reason, message, firstTimestamp, lastTimestamp, count } = recorded;
    const draft = {
      metadata: { namespace, name },
      involvedObject,
      type,
      reason,
      message,
      firstTimestamp,
      lastTimestamp,
      count,
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
    try {
      await client.create<Event>(coreEvents, draft, { signal });
    } catch (thrown) {
      // The answer to an earlier try was lost.
      if (!isAlreadyExists(thrown)) throw thrown;
    }
  }

  /** `<object>.<nanoseconds in hex>`, never the same twice. */
  #nameOf(object: string): string {
    const { clock, random } = this.#options;
    const now = BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(Math.floor(random.next() * 1e6));
    this.#lastNanoseconds = now > this.#lastNanoseconds ? now : this.#lastNanoseconds + 1n;
    const suffix = `.${this.#lastNanoseconds.toString(16)}`;
    return `${object.slice(0, longestName - suffix.length)}${suffix}`;
  }
}

function referenceTo(object: KubernetesObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return {
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid,
    apiVersion: object.apiVersion,
    resourceVersion,
  };
}

/** What the server refuses for a reason that will not change is given up at once. */
function isWorthRetrying(thrown: unknown): boolean {
  return !(thrown instanceof ApiStatusError) || thrown.code === 429 || thrown.code >= 500;
}
