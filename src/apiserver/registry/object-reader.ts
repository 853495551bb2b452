import { groupResourceOf, type KubernetesObject, type ResourceType } from '../../api/index.ts';
import type { Store } from '../store/store.ts';

/** Reads of the server's own parts, which need no authorization. */
export class ObjectReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async get<T extends KubernetesObject>(
    type: ResourceType<T>,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    if (name.includes('/') || namespace?.includes('/')) return undefined;
    const path = type.namespaced ? `${namespace}/${name}` : name;
    const stored = await this.#store.get(`${groupResourceOf(type)}/${path}`);
    return stored?.object as T | undefined;
  }

  async list<T extends KubernetesObject>(type: ResourceType<T>, namespace?: string): Promise<readonly T[]> {
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    const { items } = await this.#store.list(`${groupResourceOf(type)}/${prefix}`);
    return items.map((stored) => stored.object as T);
  }
}
