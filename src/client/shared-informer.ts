/**
 * The informer behind the Informer interface: it owns a cache, takes what its reflector reads, and tells the handlers,
 * synchronously and in order, after the cache holds the change. A handler that throws is logged and the others go on.
 */
import { type KubernetesObject, keyOf, type ResourceType } from '../api/index.ts';
import { deepFreeze, type Logger } from '../base/index.ts';
import { Indexer } from './indexer.ts';
import type { Informer, ResourceEventHandler } from './informer.ts';
import type { ReflectorSink } from './reflector.ts';
import { compareRevisions } from './revision.ts';

type Notice<T extends KubernetesObject> = (handler: ResourceEventHandler<T>) => void;

export class SharedInformer<T extends KubernetesObject> implements Informer<T>, ReflectorSink<T> {
  readonly type: ResourceType<T>;
  readonly #logger: Logger;
  readonly #cache = new Indexer<T>();
  readonly #handlers: ResourceEventHandler<T>[] = [];
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(type: ResourceType<T>, logger: Logger) {
    this.type = type;
    this.#logger = logger;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves with the first sync; never, when the informer is stopped before. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  list(): readonly T[] {
    return this.#cache.list();
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#cache.byIndex(index, value);
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    // Components that share an informer may each bring the same index: the first one serves all.
    if (!this.#cache.hasIndex(name)) this.#cache.addIndex(name, values);
  }

  addHandler(handler: ResourceEventHandler<T>): Disposable {
    this.#handlers.push(handler);
    for (const object of this.#cache.list()) this.#call(handler, (told) => told.onAdd?.(object, true));
    return {
      [Symbol.dispose]: () => {
        const at = this.#handlers.indexOf(handler);
        if (at >= 0) this.#handlers.splice(at, 1);
      },
    };
  }

  replace(items: readonly T[]): void {
    const notices: Notice<T>[] = [];
    const initial = !this.#hasSynced;
    const gone = new Map(this.#cache.entries());
    for (const item of items) {
      const key = keyOf(item);
      gone.delete(key);
      this.#put(key, item, initial, notices);
    }
    for (const [key, last] of gone) {
      this.#cache.delete(key);
      notices.push((handler) => handler.onDelete?.(last));
    }
    this.#notify(notices);
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    const key = keyOf(object);
    const notices: Notice<T>[] = [];
    if (type === 'DELETED') {
      if (!this.#cache.get(key)) return;
      this.#cache.delete(key);
      const last = deepFreeze(object);
      notices.push((handler) => handler.onDelete?.(last));
    } else {
      this.#put(key, object, false, notices);
    }
    this.#notify(notices);
  }

  #put(key: string, object: T, initial: boolean, notices: Notice<T>[]): void {
    const previous = this.#cache.get(key);
    if (!previous) {
      this.#cache.set(deepFreeze(object));
      notices.push((handler) => handler.onAdd?.(object, initial));
      return;
    }
    const order = compareRevisions(object.metadata.resourceVersion, previous.metadata.resourceVersion);
    // An object's revision never goes back in the cache; an unchanged object keeps its identity.
    if (order < 0) return;
    if (order === 0) {
      notices.push((handler) => handler.onUpdate?.(previous, previous));
      return;
    }
    this.#cache.set(deepFreeze(object));
    if (previous.metadata.uid === object.metadata.uid) {
      notices.push((handler) => handler.onUpdate?.(previous, object));
    } else {
      // Deleted and created again while nobody watched: two objects that share a name.
      notices.push((handler) => handler.onDelete?.(previous));
      notices.push((handler) => handler.onAdd?.(object, initial));
    }
  }

  #notify(notices: readonly Notice<T>[]): void {
    const handlers = [...this.#handlers];
    for (const notice of notices) for (const handler of handlers) this.#call(handler, notice);
  }

  #call(handler: ResourceEventHandler<T>, notice: Notice<T>): void {
    try {
      notice(handler);
    } catch (error) {
      this.#logger.error('an informer handler failed', { error });
    }
  }
}
