/** A server on the memory store in virtual time, for tests: entered like a component enters it. */
import type {
  ApiResponse,
  DeleteOptions,
  Draft,
  Identity,
  KubernetesObject,
  ListOptions,
  ObjectKey,
  ObjectList,
  Patch,
  ResourceType,
  Transport,
  WatchOptions,
  WriteOptions,
} from '../api/index.ts';
import { ApiStatusError, namespaces } from '../api/index.ts';
import { InvariantError, seededRandom, silentLogger, VirtualClock } from '../base/index.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';
import { allowAll } from './auth/authorizer.ts';
import { createMemoryStore, type MemoryStoreOptions } from './store/memory-store.ts';
import type { Store } from './store/store.ts';

export interface HarnessOptions extends Partial<ApiServerOptions> {
  readonly historyLimits?: MemoryStoreOptions['historyLimits'];
}

interface Where extends WriteOptions {
  readonly subresource?: string;
}

const administrator: Identity = { user: 'admin', groups: ['system:masters'] };

export class Harness implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly server: ApiServer;
  readonly transport: Transport;

  private constructor(clock: VirtualClock, store: Store, server: ApiServer) {
    this.clock = clock;
    this.store = store;
    this.server = server;
    this.transport = server.transport(administrator);
  }

  /** Has the namespace `default`. */
  static async start({ historyLimits, ...options }: HarnessOptions = {}): Promise<Harness> {
    const clock = new VirtualClock();
    const store = createMemoryStore({ clock, logger: silentLogger, ...(historyLimits ? { historyLimits } : {}) });
    const random = seededRandom(1);
    const server = await createApiServer({
      store,
      clock,
      random,
      logger: silentLogger,
      authorizer: allowAll,
      ...options,
    });
    const harness = new Harness(clock, store, server);
    await harness.create(namespaces, { metadata: { name: 'default' }, spec: {} });
    return harness;
  }

  async create<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: Draft<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace } = object.metadata;
    return await this.#send<T>({ verb: 'create', resource: type, namespace, object, options });
  }

  async createSubresource<T>(type: ResourceType, key: ObjectKey, subresource: string, object: object): Promise<T> {
    return await this.#send<T>({ verb: 'create', resource: type, ...key, subresource, object, options: {} });
  }

  async get<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<T> {
    return await this.#send<T>({ verb: 'get', resource: type, ...key });
  }

  async exists(type: ResourceType, key: ObjectKey): Promise<boolean> {
    return (
      (await this.list(type, { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` })).items.length > 0
    );
  }

  async list<T extends KubernetesObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    return await this.#send({ verb: 'list', resource: type, namespace: options.namespace, options });
  }

  async update<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    { subresource, ...options }: Where = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    return await this.#send<T>({ verb: 'update', resource: type, namespace, name, subresource, object, options });
  }

  async patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    { subresource, ...options }: Where = {},
  ): Promise<T> {
    return await this.#send<T>({ verb: 'patch', resource: type, ...key, subresource, patch, options });
  }

  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<KubernetesObject> {
    return await this.#send({ verb: 'delete', resource: type, ...key, options });
  }

  /** Starts a watch and returns what it has sent so far, as `TYPE name`, each time it is asked. */
  async watch(type: ResourceType, options: WatchOptions = {}): Promise<WatchLog> {
    const signal = new AbortController();
    const { namespace } = options;
    const stream = await this.transport.watch({
      verb: 'watch',
      resource: type,
      namespace,
      options,
      signal: signal.signal,
    });
    const log: WatchLog = { events: [], hasEnded: false, stop: () => signal.abort(), taken: async () => [] };
    const reading = (async () => {
      for await (const event of stream) log.events.push(event);
      log.hasEnded = true;
    })();
    log.taken = async () => {
      await this.clock.settle();
      return log.events.splice(0).map(({ type: kind, object }) => `${kind} ${object.metadata?.name ?? ''}`.trim());
    };
    this.#watches.push({ stop: log.stop, reading });
    return log;
  }

  readonly #watches: { stop: () => void; reading: Promise<void> }[] = [];

  async #send<T>(request: Parameters<Transport['request']>[0]): Promise<T> {
    return (await this.send(request)).object as T;
  }

  async send(request: Parameters<Transport['request']>[0]): Promise<ApiResponse> {
    return await this.transport.request(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#watches) stop();
    await Promise.all(this.#watches.map(({ reading }) => reading));
    await this.server[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

export interface WatchLog {
  readonly events: { type: string; object: KubernetesObject }[];
  hasEnded: boolean;
  stop: () => void;
  taken: () => Promise<readonly string[]>;
}

/** The refusal that a call ends in. */
export async function refusalOf(call: Promise<unknown>): Promise<ApiStatusError> {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof ApiStatusError) return thrown;
    throw thrown;
  }
  throw new InvariantError('the call was not refused');
}
