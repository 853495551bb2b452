/**
 * The garbage collector: deletes objects whose owners are gone, and carries out foreground and orphaning deletion.
 * An owner's absence is always read from the server before a dependent is deleted.
 */
import { builtInResources, coreEvents, eventsV1, type ResourceType } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import { type Client, type InformerFactory, runReconciler, type WorkQueue } from '../../client/index.ts';
import { foregroundFinalizer, orphanFinalizer } from './decide.ts';
import { OwnerGraph } from './owner-graph.ts';
import { syncObject } from './sync-object.ts';

export interface GarbageCollectorOptions {
  readonly client: Client;
  /** Not started yet: the controller adds its handlers. */
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Events are many, own nothing and expire by themselves. Upstream ignores them too. */
const ignored: ReadonlySet<ResourceType> = new Set<ResourceType>([coreEvents, eventsV1]);

export function startGarbageCollector(options: GarbageCollectorOptions): AsyncDisposable {
  const { client, informers, clock, logger } = options;
  const graph = new OwnerGraph();
  const context = { client, graph, queue: (): WorkQueue => queue };
  const queue = runReconciler({
    name: 'garbage-collector',
    clock,
    logger,
    reconcile: (uid, signal) => syncObject(context, uid, signal),
  });
  for (const type of builtInResources) {
    if (ignored.has(type)) continue;
    const changed = (object: Parameters<OwnerGraph['set']>[1]) => {
      graph.set(type, object);
      const { uid, finalizers, deletionTimestamp, ownerReferences } = object.metadata;
      const ends = finalizers?.includes(foregroundFinalizer) || finalizers?.includes(orphanFinalizer);
      if (deletionTimestamp && ends) queue.add(uid);
      for (const owner of ownerReferences ?? []) {
        const known = graph.node(owner.uid);
        if (!known || known.object.metadata.deletionTimestamp) queue.add(uid);
      }
    };
    informers.informer(type).addHandler({
      onAdd: changed,
      onUpdate: (previous, current) => {
        changed(current);
        // An orphaned or released dependent may have been the last that its owner waited for.
        if (previous.metadata.ownerReferences !== current.metadata.ownerReferences) {
          for (const { uid } of previous.metadata.ownerReferences ?? []) queue.add(uid);
        }
      },
      onDelete: (last) => {
        graph.delete(last);
        for (const { object } of graph.dependents(last.metadata.uid)) queue.add(object.metadata.uid);
        for (const { uid } of last.metadata.ownerReferences ?? []) queue.add(uid);
      },
    });
  }
  return queue;
}
