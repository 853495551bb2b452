/** A cache of objects by key with secondary indexes. Owned by one informer; indexes change with the objects at once. */
import { type KubernetesObject, keyOf } from '../api/index.ts';
import { assert } from '../base/index.ts';
import type { Lister } from './informer.ts';

type IndexFunction<T> = (object: T) => readonly string[];

class Index<T extends KubernetesObject> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #entries = new Map<string, Map<string, T>>();

  constructor(valuesOf: IndexFunction<T>) {
    this.#valuesOf = valuesOf;
  }

  add(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) {
      const objects = this.#entries.get(value);
      if (objects) objects.set(key, object);
      else this.#entries.set(value, new Map([[key, object]]));
    }
  }

  remove(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) this.#drop(key, value);
  }

  /** What both versions have in common is not taken out and put back: an object may have hundreds of values. */
  replace(key: string, previous: T, object: T): void {
    const before = this.#valuesOf(previous);
    this.add(key, object);
    if (before.length === 0) return;
    const after = new Set(this.#valuesOf(object));
    for (const value of before) if (!after.has(value)) this.#drop(key, value);
  }

  #drop(key: string, value: string): void {
    const objects = this.#entries.get(value);
    objects?.delete(key);
    if (objects?.size === 0) this.#entries.delete(value);
  }

  get(value: string): readonly T[] {
    const objects = this.#entries.get(value);
    return objects ? [...objects.values()] : [];
  }
}

export class Indexer<T extends KubernetesObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  /** What list() answered last, until the next change. */
  #listed: readonly T[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    this.#listed ??= Object.freeze([...this.#objects.values()]);
    return this.#listed;
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    assert(found, `no index ${index} was added`);
    return found.get(value);
  }

  entries(): Iterable<readonly [string, T]> {
    return this.#objects;
  }

  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    assert(!this.#indexes.has(name), `index ${name} was added twice`);
    const index = new Index(valuesOf);
    for (const [key, object] of this.#objects) index.add(key, object);
    this.#indexes.set(name, index);
  }

  hasIndex(name: string): boolean {
    return this.#indexes.has(name);
  }

  set(object: T): void {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      if (previous) index.replace(key, previous, object);
      else index.add(key, object);
    }
    this.#listed = undefined;
  }

  delete(key: string): void {
    const previous = this.#objects.get(key);
    if (!previous) return;
    for (const index of this.#indexes.values()) index.remove(key, previous);
    this.#objects.delete(key);
    this.#listed = undefined;
  }
}
