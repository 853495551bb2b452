/** The ReplicaSet controller: keeps a number of pods of one template. */
import { keyOf, pods, type ReplicaSet, replicaSets } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addOwnerIndexes, wakeOwners } from '../common/owners.ts';
import { PodWrites } from '../common/pod-writes.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import type { ReplicaKind, Replicated } from './replica-kind.ts';
import { type ReplicaSetContext, syncReplicaSet } from './sync-replica-set.ts';

/** The name that its events carry. */
export const replicaSetControllerName = 'replicaset-controller';

const replicaSetKind: ReplicaKind<ReplicaSet> = {
  type: replicaSets,
  controllerName: replicaSetControllerName,
  selectorOf: ({ spec }) => spec.selector,
  countsTerminating: true,
};

export function startReplicaSetController(options: ControllerOptions): AsyncDisposable {
  return startReplicaController(replicaSetKind, options);
}

export function startReplicaController<T extends Replicated>(
  kind: ReplicaKind<T>,
  options: ControllerOptions,
): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: kind.controllerName });
  const podInformer = informers.informer(pods);
  const sets = informers.informer(kind.type);
  addOwnerIndexes(podInformer);
  addOwnerIndexes(sets);
  const context: ReplicaSetContext<T> = {
    kind,
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    writes: new PodWrites(clock, podInformer),
    sets,
    pods: podInformer,
  };
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncReplicaSet(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: kind.type.singular,
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    stack.use(context.writes.watch());
    stack.use(
      sets.addHandler({
        onAdd: (set) => queue.add(keyOf(set)),
        onUpdate: (previous, set) => {
          if (previous !== set) queue.add(keyOf(set));
        },
        onDelete: (set) => {
          context.announcer.forget(keyOf(set), 'create');
          context.announcer.forget(keyOf(set), 'delete');
        },
      }),
    );
    const wake = (key: string) => queue.add(key);
    stack.use(wakeOwners(podInformer, { owners: sets, selectorOf: kind.selectorOf, wake }));
  });
}
