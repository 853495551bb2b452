/**
 * An informer's cache with this process's own writes laid over it: what a write returned is seen at once, before the
 * watch brings it back. The newest version of both wins, so a late event never takes a controller back in time.
 */
import { isNewerVersion, type KubernetesObject, keyOf } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';

export class WrittenCache<T extends KubernetesObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<string, T>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
  }

  get(key: string): T | undefined {
    return this.#written.get(key) ?? this.#informer.get(key);
  }

  /** Every object, each at its newest version. */
  list(): readonly T[] {
    const objects = this.#informer.list();
    return this.#written.size === 0 ? objects : objects.map((object) => this.#written.get(keyOf(object)) ?? object);
  }

  byIndex(index: string, value: string): readonly T[] {
    const objects = this.#informer.byIndex(index, value);
    return this.#written.size === 0 ? objects : objects.map((object) => this.#written.get(keyOf(object)) ?? object);
  }

  /** Remembers what a write returned until the informer shows that version or a later one. */
  record(object: T): void {
    const key = keyOf(object);
    const seen = this.#informer.get(key);
    // Gone or replaced in the meantime: the informer is ahead of this write.
    if (!seen || seen.metadata.uid !== object.metadata.uid) return;
    if (isNewerVersion(object.metadata.resourceVersion, (this.#written.get(key) ?? seen).metadata.resourceVersion)) {
      this.#written.set(key, object);
    }
  }

  /** Takes note of what the informer shows. Answers whether it is news: not a write of this process, nor older than one. */
  observe(object: T): boolean {
    const key = keyOf(object);
    const written = this.#written.get(key);
    if (!written) return true;
    if (written.metadata.uid !== object.metadata.uid) {
      this.#written.delete(key);
      return true;
    }
    if (isNewerVersion(written.metadata.resourceVersion, object.metadata.resourceVersion)) return false;
    this.#written.delete(key);
    return written.metadata.resourceVersion !== object.metadata.resourceVersion;
  }

  observeDeletion(last: T): void {
    const key = keyOf(last);
    if (this.#written.get(key)?.metadata.uid === last.metadata.uid) this.#written.delete(key);
  }
}
