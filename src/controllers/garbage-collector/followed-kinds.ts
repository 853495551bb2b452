/**
 * The kinds whose objects are in the graph. Those of an API server's extensions come and go while it runs: their
 * informers are the collector's own and end with the kind, all others are shared.
 */
import { builtInResources, groupResourceOf, type KubernetesObject, type ResourceType } from '../../api/index.ts';
import { abortError, type Clock, type Logger, onAbort, type Random } from '../../base/index.ts';
import {
  type Client,
  createInformerFactory,
  type Informer,
  type InformerFactory,
  type ResourceEventHandler,
  type WatchableTypes,
} from '../../client/index.ts';

export interface FollowedKindsOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What the graph hears of objects of a kind. */
  readonly handlerFor: (type: ResourceType) => ResourceEventHandler<KubernetesObject>;
  /** Kinds that owners may have from now on. */
  readonly onNew: (types: readonly ResourceType[]) => void;
  /** A kind is served no more; nothing is heard of its objects from now on. */
  readonly onGone: (type: ResourceType) => void;
}

interface Source {
  readonly factory: InformerFactory;
  readonly informer: Informer<KubernetesObject>;
  dispose(): Promise<void>;
}

interface Followed {
  readonly type: ResourceType;
  stop(): Promise<void>;
}

const builtIn: ReadonlySet<ResourceType> = new Set<ResourceType>(builtInResources);
/** A kind that cannot be listed must not keep the others waiting. Upstream's. */
const syncTimeoutMs = 30_000;
const keyOfKind = ({ group, kind }: Pick<ResourceType, 'group' | 'kind'>) => `${group}/${kind}`;

export class FollowedKinds implements AsyncDisposable {
  readonly #options: FollowedKindsOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #byKind = new Map<string, ResourceType>();

  constructor(options: FollowedKindsOptions) {
    this.#options = options;
  }

  /** The kind that an owner reference names; undefined when it is not served, or not known yet. */
  find(group: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(keyOfKind({ group, kind }));
  }

  /** Follows these kinds and no others, but for those of groups that do not answer. */
  async follow({ types, silentGroups }: WatchableTypes, signal: AbortSignal): Promise<void> {
    const wanted = new Map(types.map((type) => [groupResourceOf(type), type]));
    for (const [name, { type, stop }] of [...this.#followed]) {
      if (wanted.get(name)?.version === type.version || (silentGroups.has(type.group) && !wanted.has(name))) continue;
      this.#followed.delete(name);
      this.#byKind.delete(keyOfKind(type));
      await stop();
      this.#options.onGone(type);
    }
    const added = [...wanted].filter(([name]) => !this.#followed.has(name)).map(([, type]) => type);
    if (added.length > 0) await this.#add(added, signal);
  }

  /** All are listed before the graph hears of any: an owner must not be let go before its dependents are known. */
  async #add(types: readonly ResourceType[], signal: AbortSignal): Promise<void> {
    const sources = types.map((type) => ({ type, ...this.#source(type) }));
    const isSynced = await this.#waitForAll(sources, signal);
    const ready = sources.filter((_, index) => isSynced[index]);
    for (const source of sources.filter((_, index) => !isSynced[index])) {
      this.#options.logger.warn('a kind cannot be listed', { resource: groupResourceOf(source.type) });
      await source.dispose();
    }
    for (const { type, informer, dispose } of ready) {
      const handling = informer.addHandler(this.#options.handlerFor(type));
      const stop = async () => {
        handling[Symbol.dispose]();
        await dispose();
      };
      this.#followed.set(groupResourceOf(type), { type, stop });
      this.#byKind.set(keyOfKind(type), type);
    }
    this.#options.onNew(ready.map(({ type }) => type));
  }

  async #waitForAll(sources: readonly Source[], signal: AbortSignal): Promise<readonly boolean[]> {
    try {
      return await Promise.all(sources.map(({ factory }) => this.#waitForSync(factory, signal)));
    } catch (thrown) {
      for (const { dispose } of sources) await dispose();
      throw thrown;
    }
  }

  #source(type: ResourceType): Source {
    const { informers } = this.#options;
    const factory = builtIn.has(type) ? informers : createInformerFactory(this.#options);
    const informer: Informer<KubernetesObject> = factory.informer(type);
    factory.start();
    const dispose = async () => {
      if (factory !== informers) await factory[Symbol.asyncDispose]();
    };
    return { factory, informer, dispose };
  }

  /** The shared informers are waited for as long as it takes: without them nothing works. */
  async #waitForSync(factory: InformerFactory, signal: AbortSignal): Promise<boolean> {
    if (factory === this.#options.informers) {
      await factory.waitForSync(signal);
      return true;
    }
    const stop = new AbortController();
    using stopped = onAbort(signal, () => stop.abort(abortError(signal)));
    using timer = this.#options.clock.setTimer(syncTimeoutMs, () => stop.abort());
    void [stopped, timer];
    try {
      await factory.waitForSync(stop.signal);
      return true;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#followed.values()) await stop();
    this.#followed.clear();
  }
}
