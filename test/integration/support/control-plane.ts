/** The control plane in virtual time: the real API server on the memory store, real clients, informers and recorders. */
import type { Identity, KubernetesObject, ObjectKey, ResourceType, Transport } from '../../../src/api/index.ts';
import { coreEvents, groupResourceOf, isNotFound, namespaces } from '../../../src/api/index.ts';
import {
  type ApiServer,
  createApiServer,
  createMemoryStore,
  type Store,
  type StoreListener,
} from '../../../src/apiserver/index.ts';
import { type Logger, type Random, seededRandom, silentLogger, VirtualClock } from '../../../src/base/index.ts';
import { type Client, createClient, createEventRecorder, createInformerFactory } from '../../../src/client/index.ts';

import { WrittenFields } from './written-fields.ts';

export class ControlPlane implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly logger: Logger;
  readonly client: Client;
  readonly informers;
  readonly #stack = new AsyncDisposableStack();
  readonly #server: ApiServer;
  readonly #store: Store;
  #written: WrittenFields | undefined;

  private constructor(
    store: Store,
    server: ApiServer,
    { clock, random, logger }: Pick<ControlPlane, 'clock' | 'random' | 'logger'>,
  ) {
    this.clock = clock;
    this.random = random;
    this.logger = logger;
    this.#store = this.#stack.use(store);
    this.#server = this.#stack.use(server);
    this.client = this.clientOf('test');
    this.informers = this.#stack.use(createInformerFactory({ client: this.client, clock, logger, random }));
  }

  static async start(logger: Logger = silentLogger): Promise<ControlPlane> {
    const services = { clock: new VirtualClock(), random: seededRandom(1), logger };
    const store = createMemoryStore(services);
    const plane = new ControlPlane(store, await createApiServer({ store, ...services }), services);
    for (const name of ['default', 'kube-system'])
      await plane.client.create(namespaces, { metadata: { name }, spec: {} });
    return plane;
  }

  transportOf(component: string): Transport {
    const transport = this.#server.transport({ user: `system:${component}`, groups: ['system:masters'] });
    return this.#written?.of(component, transport) ?? transport;
  }

  /** A client with no more rights than the roles give that are bound to the identity. */
  clientAs(identity: Identity, component: string): Client {
    return createClient({ transport: this.#server.transport(identity), fieldManager: component });
  }

  clientOf(component: string): Client {
    return createClient({ transport: this.transportOf(component), fieldManager: component });
  }

  /** Notes what the clients write that are asked for from now on. */
  async recordWrites(): Promise<WrittenFields> {
    this.#written ??= new WrittenFields();
    await this.onCommit(this.#written.onCommit);
    return this.#written;
  }

  recorder(component: string) {
    const { clock, random, logger } = this;
    return this.#stack.use(createEventRecorder({ client: this.clientOf(component), clock, random, component, logger }));
  }

  /** Puts an object where the server keeps it, unread: as a server of another version may have left it. */
  async store<T extends KubernetesObject>(type: ResourceType<T>, object: KubernetesObject): Promise<void> {
    const { namespace, name } = object.metadata;
    const key = `${groupResourceOf(type)}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
    await this.#store.write({ key, expectedRevision: 0, object });
  }

  /** Hears of every commit, in order, from now on. */
  async onCommit(listener: StoreListener): Promise<void> {
    const subscription = await this.#store.subscribe('', this.#store.revision, listener);
    this.use({ [Symbol.asyncDispose]: async () => subscription[Symbol.dispose]() });
  }

  /** Every event as `name type reason message`. */
  async allEvents(): Promise<string[]> {
    await this.clock.settle();
    const { items } = await this.client.list(coreEvents);
    return items.map(
      ({ involvedObject, type, reason, message }) => `${involvedObject.name} ${type} ${reason} ${message}`,
    );
  }

  /** Disposed, last added first, with the plane. */
  use<T extends AsyncDisposable>(part: T): T {
    return this.#stack.use(part);
  }

  /** Starts the informers that were asked for, and lets everything run dry. */
  async run(): Promise<void> {
    this.informers.start();
    await this.clock.settle();
  }

  async get<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): Promise<T | undefined> {
    try {
      return await this.client.get(type, key);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  /** The events about an object as `type reason message`, oldest first. */
  async eventsOf(name: string): Promise<string[]> {
    await this.clock.settle();
    const { items } = await this.client.list(coreEvents);
    return items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
