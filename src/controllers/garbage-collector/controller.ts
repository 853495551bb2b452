/**
 * The garbage collector: deletes objects whose owners are gone, and carries out foreground and orphaning deletion.
 * An owner's absence is always read from the server before a dependent is deleted.
 */
import { builtInResources, coreEvents, eventsV1, type KubernetesObject, type ResourceType } from '../../api/index.ts';
import { done, requeueAfter, runReconciler, type WatchableTypes, type WorkQueue } from '../../client/index.ts';
import type { ControllerOptions } from '../common/start-controller.ts';
import { foregroundFinalizer, orphanFinalizer } from './decide.ts';
import { FollowedKinds } from './followed-kinds.ts';
import { OwnerGraph } from './owner-graph.ts';
import { syncObject } from './sync-object.ts';

export interface GarbageCollectorOptions extends Omit<ControllerOptions, 'recorder'> {
  /** Asks the server for every kind that can own and be owned; unless given, those that are known here. */
  readonly watchableTypes?: (signal: AbortSignal) => Promise<WatchableTypes>;
}

export const garbageCollectorName = 'garbage-collector-controller';

/** Events are many, own nothing and expire by themselves. Upstream ignores them too. */
const ignored: ReadonlySet<ResourceType> = new Set<ResourceType>([coreEvents, eventsV1]);
/** How often the server is asked for its kinds. Upstream's. */
const resyncPeriodMs = 30_000;

/** Starts when every kind has been listed: an owner must not be let go before its dependents are known. */
export function startGarbageCollector(options: GarbageCollectorOptions): AsyncDisposable {
  const { client, informers, clock, watchableTypes } = options;
  const logger = options.logger.with({ component: garbageCollectorName });
  const stack = new AsyncDisposableStack();
  const graph = new OwnerGraph();
  const { metrics, concurrency } = options;
  const common = { clock, logger, metrics };
  const queue: WorkQueue = stack.use(
    runReconciler({
      ...common,
      name: 'garbage_collector_attempt_to_delete',
      concurrency,
      reconcile: (uid, signal) => syncObject({ client, graph, queue, kinds }, uid, signal),
    }),
  );
  const kinds = stack.use(
    new FollowedKinds({
      ...options,
      logger,
      handlerFor: (type) => handlerFor(type, graph, queue),
      // Until now nobody could say whether such owners exist.
      onNew: (types) => {
        for (const uid of graph.ownedByUnknown(types)) queue.add(uid);
      },
      onGone: (type) => graph.forget(type),
    }),
  );
  // Asked for before they are started with those of the others.
  if (!watchableTypes) for (const type of builtInResources) if (!ignored.has(type)) informers.informer(type);
  const resync = stack.use(
    runReconciler({
      ...common,
      name: 'garbage_collector_resync',
      reconcile: async (_key, signal) => {
        const { types, silentGroups } = watchableTypes ? await watchableTypes(signal) : builtInTypes;
        await kinds.follow({ types: types.filter((type) => !ignored.has(type)), silentGroups }, signal);
        return watchableTypes ? requeueAfter(resyncPeriodMs) : done;
      },
    }),
  );
  resync.add('kinds');
  return stack;
}

const builtInTypes: WatchableTypes = { types: builtInResources, silentGroups: new Set() };

function handlerFor(type: ResourceType, graph: OwnerGraph, queue: WorkQueue) {
  const wakeOwners = (object: KubernetesObject) => {
    for (const { uid } of object.metadata.ownerReferences ?? []) queue.add(uid);
  };
  const observe = (object: KubernetesObject) => {
    graph.set(type, object);
    const { uid, finalizers, deletionTimestamp, ownerReferences } = object.metadata;
    const waits = finalizers?.includes(foregroundFinalizer) || finalizers?.includes(orphanFinalizer);
    if (deletionTimestamp && waits) queue.add(uid);
    for (const owner of ownerReferences ?? []) {
      const known = graph.node(owner.uid);
      if (!known || known.object.metadata.deletionTimestamp) queue.add(uid);
    }
  };
  return {
    onAdd: observe,
    onUpdate: (previous: KubernetesObject, current: KubernetesObject) => {
      observe(current);
      // An orphaned or released dependent may have been the last that its owner waited for.
      if (previous.metadata.ownerReferences !== current.metadata.ownerReferences) wakeOwners(previous);
    },
    onDelete: (last: KubernetesObject) => {
      graph.delete(last);
      for (const { object } of graph.dependents(last.metadata.uid)) queue.add(object.metadata.uid);
      wakeOwners(last);
    },
  };
}
