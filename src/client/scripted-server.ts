/**
 * A Transport for this folder's tests: a tiny API server in memory whose faults are scripted (cut watches, forgotten
 * history, refused options, stale answers). What a real server does is tested by the client contract suite.
 */
import {
  type ApiRequest,
  type ApiResponse,
  ApiStatusError,
  type KubernetesObject,
  type Transport,
  type WatchEvent,
  type WatchRequest,
  type WatchStream,
} from '../api/index.ts';
import { onAbort } from '../base/index.ts';

type Loose = { metadata: Record<string, unknown> } & Record<string, unknown>;

/** Ends when told; events written after the end are lost, as on a dead connection. */
class ScriptedWatch implements WatchStream {
  readonly #waiting: WatchEvent[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  silent = false;

  push(event: WatchEvent): void {
    if (this.#ended || this.silent) return;
    this.#waiting.push(event);
    this.#wake.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchEvent> {
    for (;;) {
      for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) yield event;
      if (this.#ended) return;
      this.#wake = Promise.withResolvers<void>();
      await this.#wake.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }
}

export class ScriptedServer implements Transport {
  readonly objects = new Map<string, KubernetesObject>();
  readonly requests: (ApiRequest | WatchRequest)[] = [];
  readonly watches = new Set<ScriptedWatch>();
  revision = 100;
  /** Watches from before this revision get 410. */
  compacted = 0;
  refuseWatchList = false;
  ignoreWatchList = false;
  /** Thrown by the next requests, first come first served; undefined lets one pass. */
  readonly failures: (Error | undefined)[] = [];
  readonly #history: { revision: number; event: WatchEvent }[] = [];

  put(namespace: string, name: string, fields: object = {}): KubernetesObject {
    const key = `${namespace}/${name}`;
    const previous = this.objects.get(key);
    const uid = previous?.metadata.uid ?? `uid-${this.revision + 1}`;
    return this.#store(key, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, uid }, ...fields });
  }

  remove(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const last = this.objects.get(key);
    if (!last) return;
    this.objects.delete(key);
    const resourceVersion = String(++this.revision);
    this.#publish({ type: 'DELETED', object: { ...last, metadata: { ...last.metadata, resourceVersion } } });
  }

  bookmark(): void {
    for (const watch of this.watches) watch.push(this.#bookmark());
  }

  /** Ends every watch. */
  cut(): void {
    for (const watch of this.watches) watch.end();
    this.watches.clear();
  }

  /** Forgets the history up to now. */
  compact(): void {
    this.compacted = this.revision;
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    this.#receive(request);
    if (request.verb === 'list') return { object: this.#list(request.options) };
    if (request.verb === 'create') return { object: this.#create(request.object as Loose, request.namespace) };
    if (request.verb === 'deletecollection') throw ApiStatusError.of('MethodNotAllowed', 'not scripted');
    const key = `${request.namespace ?? ''}/${request.name}`;
    const found = this.objects.get(key);
    if (!found) throw ApiStatusError.notFound(request.resource, request.name);
    if (request.verb === 'get') return { object: found };
    if (request.verb === 'delete') this.remove(request.namespace ?? '', request.name);
    if (request.verb === 'delete') return { object: found };
    const body = (request.verb === 'patch' ? request.patch.body : request.object) as Loose;
    const given = body.metadata?.resourceVersion;
    if (given !== undefined && given !== found.metadata.resourceVersion) {
      throw ApiStatusError.of('Conflict', 'the object has been modified');
    }
    return { object: this.#store(key, { ...found, ...body, metadata: { ...found.metadata, ...body.metadata } }) };
  }

  async watch(request: WatchRequest): Promise<WatchStream> {
    this.#receive(request);
    const { sendInitialEvents, resourceVersion } = request.options;
    if (sendInitialEvents && this.refuseWatchList) throw ApiStatusError.of('Invalid', 'sendInitialEvents is forbidden');
    const from = Number(resourceVersion || this.revision);
    if (resourceVersion && from < this.compacted) throw ApiStatusError.of('Expired', 'too old resource version');
    const watch = new ScriptedWatch();
    if (sendInitialEvents && !this.ignoreWatchList) {
      for (const object of this.objects.values()) watch.push({ type: 'ADDED', object });
      watch.push(this.#bookmark({ 'k8s.io/initial-events-end': 'true' }));
    }
    for (const { revision, event } of this.#history) if (revision > from) watch.push(event);
    this.watches.add(watch);
    if (request.signal) onAbort(request.signal, () => watch.end());
    return watch;
  }

  #receive(request: ApiRequest | WatchRequest): void {
    this.requests.push(request);
    const failure = this.failures.shift();
    if (failure) throw failure;
  }

  #list(options: { limit?: number; continue?: string }) {
    const all = [...this.objects.values()];
    const start = Number(options.continue ?? 0);
    const end = start + (options.limit ?? all.length);
    return {
      items: all.slice(start, end),
      resourceVersion: String(this.revision),
      ...(end < all.length ? { continue: String(end) } : {}),
    };
  }

  #create(body: Loose, namespace = ''): KubernetesObject {
    const key = `${namespace}/${body.metadata.name}`;
    if (this.objects.has(key)) throw ApiStatusError.of('AlreadyExists', `${key} already exists`);
    return this.#store(key, { ...body, metadata: { ...body.metadata, uid: `uid-${this.revision + 1}` } });
  }

  #store(key: string, body: Record<string, unknown> & { metadata: object }): KubernetesObject {
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    const resourceVersion = String(++this.revision);
    const object = { ...body, metadata: { ...body.metadata, resourceVersion } } as KubernetesObject;
    this.objects.set(key, object);
    this.#publish({ type, object });
    return object;
  }

  #publish(event: WatchEvent): void {
    this.#history.push({ revision: this.revision, event });
    for (const watch of this.watches) watch.push(event);
  }

  #bookmark(annotations?: Record<string, string>): WatchEvent {
    const metadata = { resourceVersion: String(this.revision), ...(annotations ? { annotations } : {}) };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata } as unknown as KubernetesObject;
    return { type: 'BOOKMARK', object };
  }
}
