/**
 * An informer's cache with changes laid over it that this scheduler has decided on and not yet seen confirmed. The
 * newest of both wins: once the informer shows a version that is newer, the assumption is dropped. Upstream:
 * util/assumecache.
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

  byIndex(index: string, value: string): readonly T[] {
    const objects = this.#informer.byIndex(index, value);
    return this.#assumed.size === 0 ? objects : objects.map((object) => this.#assumed.get(keyOf(object)) ?? object);
  }

  /** The assumptions that nothing has confirmed or overtaken yet. */
  assumed(): Iterable<T> {
    return this.#assumed.values();
  }

  isAssumed(key: string): boolean {
    return this.#assumed.has(key);
  }

  /**
   * Lays a changed copy of `from` over the cache; it keeps the resourceVersion. False, and nothing happens, when the
   * cache shows something else than `from` by now.
   */
  assume(changed: T, from: T): boolean {
    const key = keyOf(from);
    if (this.get(key) !== from) return false;
    this.#assumed.set(key, changed);
    return true;
  }

  /** Takes an assumption back; without one nothing happens. */
  restore(key: string): void {
    this.#assumed.delete(key);
  }
}
