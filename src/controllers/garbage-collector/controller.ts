/**
 * The garbage collector: deletes objects whose owners are gone, and carries out foreground and orphaning deletion.
 * An owner's absence is always read from the server before a dependent is deleted.
 */
import { builtInResources, coreEvents, eventsV1, type KubernetesObject, type ResourceType } from '../../api/index.ts';
import { runReconciler, type WorkQueue } from '../../client/index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { foregroundFinalizer, orphanFinalizer } from './decide.ts';
import { OwnerGraph } from './owner-graph.ts';
import { syncObject } from './sync-object.ts';

export type GarbageCollectorOptions = Omit<ControllerOptions, 'recorder'>;

export const garbageCollectorName = 'garbage-collector-controller';

/** Events are many, own nothing and expire by themselves. Upstream ignores them too. */
const ignored: ReadonlySet<ResourceType> = new Set<ResourceType>([coreEvents, eventsV1]);

/** Starts when every kind has been listed: an owner must not be let go before its dependents are known. */
export function startGarbageCollector(options: GarbageCollectorOptions): AsyncDisposable {
  const { client, informers, clock } = options;
  const logger = options.logger.with({ component: garbageCollectorName });
  const sources = builtInResources.filter((type) => !ignored.has(type)).map((type) => informers.informer(type));
  return startWhenSynced(informers, logger, (stack) => {
    const graph = new OwnerGraph();
    const reconcile = (uid: string, signal: AbortSignal) => syncObject({ client, graph, queue }, uid, signal);
    const queue: WorkQueue = stack.use(
      runReconciler({
        name: 'garbage_collector_attempt_to_delete',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    for (const source of sources) stack.use(source.addHandler(handlerFor(source.type, graph, queue)));
  });
}

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
