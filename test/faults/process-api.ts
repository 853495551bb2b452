/** The API as one process sees it: counted, and disturbed as the plan says. */
import {
  type ApiRequest,
  type ApiResponse,
  keyOf,
  type Transport,
  type WatchEvent,
  type WatchRequest,
  type WatchStream,
} from '../../src/api/index.ts';
import type { Clock } from '../../src/base/index.ts';
import { KilledError } from '../integration/support/controllers.ts';
import { lateFrom, mapStream, until, without } from './held-stream.ts';
import type { Plan, Trace } from './plan.ts';

/** What is written about the world rather than into it: nobody decides on it. */
const notCounted: ReadonlySet<string> = new Set(['events', 'leases']);

const writeVerbs: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

function describe(request: ApiRequest): string {
  const { verb, resource, namespace } = request;
  const subresource = 'subresource' in request && request.subresource ? `/${request.subresource}` : '';
  const name = 'name' in request && request.name ? request.name : '';
  return `${verb} ${resource.plural}${subresource} ${namespace ? `${namespace}/` : ''}${name}`;
}

export interface ProcessApiOptions {
  readonly inner: Transport;
  readonly clock: Clock;
  readonly trace: Trace;
  /** The disturbance, if it is this process's and has not happened yet. */
  readonly plan: Plan | undefined;
  /** Called once when the process is to die. */
  readonly onDeath: () => void;
  /** Called when the process writes without end. */
  readonly onStorm: () => void;
}

/** Far more than any workload needs; more are a storm, which virtual time would never end. */
const writeLimit = 2000;

/** The network does not let anything through. */
class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

function newBreak(): PromiseWithResolvers<never> {
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  return broken;
}

export class ProcessApi implements Transport {
  readonly #options: ProcessApiOptions;
  #isDead = false;
  #hasStruck = false;
  #isPartitioned = false;
  /** Rejects when the watches that are open break off. */
  #broken = newBreak();
  /** What each watch has heard of since it was last asked, as `plural selectors`. */
  readonly #news = new Map<string, Set<string>>();

  constructor(options: ProcessApiOptions) {
    this.#options = options;
  }

  /** The process is dead: nothing of it gets through any more. */
  cut(): void {
    this.#isDead = true;
  }

  partition(): void {
    this.#isPartitioned = true;
    this.breakWatches();
  }

  heal(): void {
    this.#isPartitioned = false;
  }

  breakWatches(why: Error = new ConnectionError('the connection was reset')): void {
    this.#broken.reject(why);
    this.#broken = newBreak();
  }

  /** Which watches have heard of objects since the last call, and of which. */
  takeNews(): ReadonlyMap<string, ReadonlySet<string>> {
    const news = new Map(this.#news);
    this.#news.clear();
    return news;
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    this.#requireConnection();
    const { inner, trace, plan } = this.#options;
    if (!writeVerbs.has(request.verb) || notCounted.has(request.resource.plural)) return await inner.request(request);
    const write = trace.writes.push(describe(request)) - 1;
    if (write >= writeLimit) {
      this.cut();
      this.#options.onStorm();
      throw new KilledError('writes without end');
    }
    if (plan?.kind !== 'crash' || plan.write !== write) return await inner.request(request);
    this.cut();
    try {
      if (plan.lands) await inner.request(request);
    } finally {
      this.#options.onDeath();
    }
    throw new KilledError('killed');
  }

  async watch(request: WatchRequest): Promise<WatchStream> {
    this.#requireConnection();
    const { inner, clock, plan } = this.#options;
    const { plural } = request.resource;
    const stream = this.#noteNews(request, until(this.#broken.promise, await inner.watch(request)));
    if (notCounted.has(plural)) return stream;
    const counted = this.#count(plural, stream);
    if (!plan || !('notification' in plan) || plan.plural !== plural) return counted;
    const isReached = () => {
      if (this.#hasStruck || this.#heard(plural).length <= plan.notification) return false;
      this.#hasStruck = true;
      return true;
    };
    const disturb = plan.kind === 'stale' ? lateFrom : without;
    return disturb(clock, counted, isReached, request.signal);
  }

  #noteNews({ resource, namespace, options }: WatchRequest, stream: WatchStream): WatchStream {
    const name = [resource.plural, namespace, options.fieldSelector, options.labelSelector].filter(Boolean).join(' ');
    return mapStream(stream, (event) => {
      if (event.type === 'ADDED' || event.type === 'MODIFIED') {
        const { resourceVersion } = event.object.metadata;
        this.#news.set(name, (this.#news.get(name) ?? new Set()).add(`${keyOf(event.object)} ${resourceVersion}`));
      }
      return [event];
    });
  }

  #heard(plural: string) {
    const { notifications } = this.#options.trace;
    const known = notifications.get(plural) ?? [];
    notifications.set(plural, known);
    return known;
  }

  #count(plural: string, stream: WatchStream): WatchStream {
    const heard = this.#heard(plural);
    let isInitial = true;
    return mapStream(stream, (event: WatchEvent) => {
      if (event.type === 'BOOKMARK') isInitial = false;
      if (isInitial || event.type === 'BOOKMARK' || event.type === 'ERROR') return [event];
      const key = keyOf(event.object);
      const before = heard.findLast((earlier) => earlier.key === key);
      if (before) before.hasSuccessor = true;
      heard.push({ key, hasSuccessor: false });
      return [event];
    });
  }

  #requireConnection(): void {
    this.requireLife();
    if (this.#isPartitioned) throw new ConnectionError('connect ETIMEDOUT');
  }

  /** Throws when the process is dead. */
  requireLife(): void {
    if (this.#isDead) throw new KilledError('killed');
  }
}
