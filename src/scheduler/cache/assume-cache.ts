/**
 * An informer's cache with changes laid over it that this scheduler has decided on and not yet seen confirmed. The
 * newest of both wins: once the informer shows a version that is not older, the assumption is dropped.
 */
import { type KubernetesObject, keyOf } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';

function versionOf(object: KubernetesObject): number {
  return Number(object.metadata.resourceVersion) || 0;
}

export class AssumeCache<T extends KubernetesObject> {
  readonly #informer: Informer<T>;
  readonly #assumed = new Map<string, T>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
    const confirm = (object: T) => {
      const key = keyOf(object);
      const assumed = this.#assumed.get(key);
      // An assumption keeps the version it was built on, so only a later version confirms or overtakes it.
      if (assumed && versionOf(object) > versionOf(assumed)) this.#assumed.delete(key);
    };
    informer.addHandler({
      onAdd: confirm,
      onUpdate: (_previous, current) => confirm(current),
      onDelete: (last) => this.#assumed.delete(keyOf(last)),
    });
  }

  get(key: string): T | undefined {
    return this.#assumed.get(key) ?? this.#informer.get(key);
  }

  /** What the API server last showed, without assumptions. */
  confirmed(key: string): T | undefined {
    return this.#informer.get(key);
  }

  byIndex(index: string, value: string): readonly T[] {
    const objects = this.#informer.byIndex(index, value);
    return this.#assumed.size === 0 ? objects : objects.map((object) => this.#assumed.get(keyOf(object)) ?? object);
  }

  /** Lays the object over the cache. It must carry the resourceVersion it was derived from. */
  assume(object: T): void {
    this.#assumed.set(keyOf(object), object);
  }

  /** Takes an assumption back. */
  restore(key: string): void {
    this.#assumed.delete(key);
  }
}
