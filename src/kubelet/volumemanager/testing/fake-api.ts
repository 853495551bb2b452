/** An API of objects in a map, for tests of one node: reads, status writes, and informers that see every change at once. */
import {
  ApiStatusError,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ResourceType,
  type WatchEvent,
  type WatchStream,
} from '../../../api/index.ts';
import type { Client, Informer, InformerFactory, ResourceEventHandler } from '../../../client/index.ts';

type Handlers = Set<ResourceEventHandler<KubernetesObject>>;

export class FakeApi {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #handlers = new Map<string, Handlers>();
  readonly events: string[] = [];
  /** Calls that reached the API, as `get persistentvolumes/pv-1`. */
  readonly calls: string[] = [];
  #failure: Error | undefined;
  readonly #onGet = new Map<string, () => void>();
  readonly #onUpdate = new Map<string, () => void>();

  /** Every call fails with this until it is taken back. */
  fail(error: Error | undefined): void {
    this.#failure = error;
  }

  /** Runs when the object is read, as `configmaps/default/c`: something else happens at that moment. */
  onGet(what: string, happens: () => void): void {
    this.#onGet.set(what, happens);
  }

  /** Runs before the object is written by the node: throwing refuses the write. */
  onUpdate(what: string, happens: () => void): void {
    this.#onUpdate.set(what, happens);
  }

  put<T extends KubernetesObject>(type: ResourceType<T>, object: T): void {
    const objects = this.#kind(type);
    const key = keyOf(object);
    const before = objects.get(key);
    objects.set(key, object);
    for (const handler of this.#handlers.get(type.plural) ?? []) {
      if (before) handler.onUpdate?.(before, object);
      else handler.onAdd?.(object, false);
    }
  }

  delete(type: ResourceType, key: string): void {
    const object = this.#kind(type).get(key);
    this.#kind(type).delete(key);
    for (const handler of this.#handlers.get(type.plural) ?? []) if (object) handler.onDelete?.(object);
  }

  find<T extends KubernetesObject>(type: ResourceType<T>, key: string): T | undefined {
    return this.#kind(type).get(key) as T | undefined;
  }

  get client(): Client {
    const refused = async (): Promise<never> => {
      throw ApiStatusError.of('MethodNotAllowed', 'the fake API has no such verb');
    };
    const get = async <T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<T> => {
      const name = key.namespace ? `${key.namespace}/${key.name}` : key.name;
      this.calls.push(`get ${type.plural}/${name}`);
      this.#onGet.get(`${type.plural}/${name}`)?.();
      if (this.#failure) throw this.#failure;
      const object = this.find(type, name);
      if (!object) throw ApiStatusError.notFound(type, key.name);
      return object;
    };
    const write = async <T extends KubernetesObject>(type: ResourceType<T>, object: T): Promise<T> => {
      const what = `${type.plural}/${keyOf(object)}`;
      this.calls.push(`update ${what}`);
      this.#onUpdate.get(what)?.();
      if (this.#failure) throw this.#failure;
      this.put(type, object);
      return object;
    };
    return {
      get,
      update: write,
      updateStatus: write,
      create: async (type, draft) => {
        const object = { apiVersion: 'v1', kind: type.kind, ...draft } as never;
        return await write(type, object);
      },
      list: refused,
      watch: (type, { namespace, fieldSelector, signal }) => this.#watch(type, { namespace, fieldSelector, signal }),
      patch: async (type, key, { body }) => {
        const object = await get(type, key);
        const change = (body as { metadata: Record<string, unknown> }).metadata;
        const merged = mergeMetadata(object.metadata as unknown as Record<string, unknown>, change);
        return await write(type, { ...object, metadata: merged as never });
      },
      delete: refused,
      deleteCollection: refused,
      createSubresource: async (type, key, subresource) => {
        this.calls.push(`create ${type.plural}/${key.namespace}/${key.name}/${subresource}`);
        return { status: { token: `token-of-${key.name}`, expirationTimestamp: '2026-01-01T01:00:00Z' } } as never;
      },
    };
  }

  get informers(): InformerFactory {
    return {
      informer: (type) => this.#informer(type),
      start() {},
      waitForSync: async () => {},
      async [Symbol.asyncDispose]() {},
    };
  }

  recordEvent(_object: KubernetesObject, type: string, reason: string, message: string): void {
    this.events.push(`${type} ${reason} ${message}`);
  }

  /** Changes of one object from now on. */
  async #watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    {
      namespace,
      fieldSelector,
      signal,
    }: { namespace?: string | undefined; fieldSelector?: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<WatchStream<T>> {
    const name = fieldSelector?.replace('metadata.name=', '');
    const queue: WatchEvent<T>[] = [];
    let wake = Promise.withResolvers<void>();
    const push = (eventType: WatchEvent['type'], object: KubernetesObject) => {
      if (object.metadata.name !== name || object.metadata.namespace !== namespace) return;
      queue.push({ type: eventType, object: object as T });
      wake.resolve();
    };
    const handler: ResourceEventHandler<KubernetesObject> = {
      onAdd: (object) => push('ADDED', object),
      onUpdate: (_, object) => push('MODIFIED', object),
      onDelete: (object) => push('DELETED', object),
    };
    const handlers: Handlers = this.#handlers.get(type.plural) ?? new Set();
    this.#handlers.set(type.plural, handlers.add(handler));
    signal?.addEventListener('abort', () => wake.resolve(), { once: true });
    async function* events() {
      while (!signal?.aborted) {
        for (const event of queue.splice(0)) yield event;
        await wake.promise;
        wake = Promise.withResolvers();
      }
    }
    return {
      [Symbol.asyncIterator]: events,
      [Symbol.asyncDispose]: async () => void handlers.delete(handler),
    };
  }

  #informer<T extends KubernetesObject>(type: ResourceType<T>): Informer<T> {
    const handlers: Handlers = this.#handlers.get(type.plural) ?? new Set();
    this.#handlers.set(type.plural, handlers);
    const all = () => [...this.#kind(type).values()] as T[];
    return {
      type,
      hasSynced: true,
      synced: Promise.resolve(),
      get: (key) => this.find(type, key),
      list: all,
      byIndex: () => [],
      addIndex() {},
      addHandler: (handler) => {
        const added = handler as ResourceEventHandler<KubernetesObject>;
        handlers.add(added);
        return { [Symbol.dispose]: () => void handlers.delete(added) };
      },
    };
  }

  #kind(type: ResourceType): Map<string, KubernetesObject> {
    const objects = this.#objects.get(type.plural) ?? new Map<string, KubernetesObject>();
    this.#objects.set(type.plural, objects);
    return objects;
  }
}

/** A merge patch of metadata: maps are merged key by key, null removes. */
function mergeMetadata(present: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...present };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key];
    else if (typeof value !== 'object') merged[key] = value;
    else merged[key] = mergeMetadata((present[key] ?? {}) as Record<string, unknown>, value as Record<string, unknown>);
  }
  return merged;
}
