/** Informers over objects that a test puts in by hand: nothing runs, a change is told at once. */
import { type KubernetesObject, keyOf, type ResourceType } from '../../../api/index.ts';
import type { Informer, InformerFactory, ResourceEventHandler } from '../../../client/index.ts';

export class MemoryInformer<T extends KubernetesObject> implements Informer<T> {
  readonly type: ResourceType<T>;
  readonly hasSynced = true;
  readonly synced = Promise.resolve();
  readonly #objects = new Map<string, T>();
  readonly #handlers = new Set<ResourceEventHandler<T>>();
  readonly #indexes = new Map<string, (object: T) => readonly string[]>();

  constructor(type: ResourceType<T>) {
    this.type = type;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const valuesOf = this.#indexes.get(index);
    if (!valuesOf) throw new TypeError(`no index ${index}`);
    return this.list().filter((object) => valuesOf(object).includes(value));
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    this.#indexes.set(name, values);
  }

  addHandler(handler: ResourceEventHandler<T>): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  /** Adds the object, or updates the one of its name. */
  set(object: T): void {
    const previous = this.#objects.get(keyOf(object));
    this.#objects.set(keyOf(object), object);
    for (const handler of this.#handlers) {
      if (previous) handler.onUpdate?.(previous, object);
      else handler.onAdd?.(object, false);
    }
  }

  delete(key: string): void {
    const last = this.#objects.get(key);
    this.#objects.delete(key);
    if (last) for (const handler of this.#handlers) handler.onDelete?.(last);
  }
}

export class MemoryInformers implements InformerFactory {
  readonly #byKind = new Map<string, MemoryInformer<KubernetesObject>>();

  informer<T extends KubernetesObject>(type: ResourceType<T>): MemoryInformer<T> {
    let informer = this.#byKind.get(type.kind);
    if (!informer) {
      informer = new MemoryInformer(type as unknown as ResourceType<KubernetesObject>);
      this.#byKind.set(type.kind, informer);
    }
    return informer as unknown as MemoryInformer<T>;
  }

  start(): void {}

  async waitForSync(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
