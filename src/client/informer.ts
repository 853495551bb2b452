/**
 * Caches of API objects kept current by list and watch. Handlers and indexes are registered before start as a rule; a
 * late handler is told at once of what the cache holds. What they are given is frozen and shared.
 */
import type { KubernetesObject, ResourceType } from '../api/index.ts';

/** Reads a cache. Keys are `namespace/name`, or `name` for cluster-scoped kinds (keyOf in api). */
export interface Lister<T extends KubernetesObject> {
  get(key: string): T | undefined;
  list(): readonly T[];
  /** Objects for which the index function returned the value. The index must have been added. */
  byIndex(index: string, value: string): readonly T[];
}

export interface ResourceEventHandler<T extends KubernetesObject> {
  onAdd?(object: T, inInitialList: boolean): void;
  /** Also called when a relist finds the object unchanged (same resourceVersion) and on resync. */
  onUpdate?(previous: T, current: T): void;
  /** The last state that was seen; it may be stale when the deletion itself was missed. */
  onDelete?(last: T): void;
}

export interface Informer<T extends KubernetesObject> extends Lister<T> {
  readonly type: ResourceType<T>;
  /** Handlers are called in the order they were added, after the cache holds the change. Disposing takes one back. */
  addHandler(handler: ResourceEventHandler<T>): Disposable;
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** Whether the first list has been delivered to every handler. */
  readonly hasSynced: boolean;
  /** Resolves then; never, when the informer is stopped before. */
  readonly synced: Promise<void>;
}

export interface InformerOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** One informer per kind and options, shared by all components that a process runs. */
export interface InformerFactory extends AsyncDisposable {
  informer<T extends KubernetesObject>(type: ResourceType<T>, options?: InformerOptions): Informer<T>;
  /** Starts the informers that were asked for since the last start. */
  start(): void;
  /** Resolves when every started informer has synced; rejects when the signal aborts. */
  waitForSync(signal?: AbortSignal): Promise<void>;
}
