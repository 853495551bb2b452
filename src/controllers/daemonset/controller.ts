/** The DaemonSet controller: one pod on every node that its template fits. */
import {
  controllerRevisions,
  type DaemonSet,
  daemonSets,
  isEqual,
  keyOf,
  type Node,
  nodes,
  pods,
} from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addOwnerIndexes, dependentsOf, wakeOwners } from '../common/owners.ts';
import { PodWrites } from '../common/pod-writes.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { targetNodeOf } from './daemon-pod.ts';
import { FailedPodBackoff } from './failed-pod-backoff.ts';
import { nodeFit } from './node-fit.ts';
import { type DaemonSetContext, syncDaemonSet } from './sync-daemon-set.ts';

/** The name that its events carry. */
export const daemonSetControllerName = 'daemonset-controller';

export function startDaemonSetController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: daemonSetControllerName });
  const podInformer = informers.informer(pods);
  const context: DaemonSetContext = {
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    writes: new PodWrites(clock, podInformer),
    sets: informers.informer(daemonSets),
    pods: podInformer,
    nodes: informers.informer(nodes),
    revisions: informers.informer(controllerRevisions),
    failures: new FailedPodBackoff(clock),
  };
  addOwnerIndexes(podInformer);
  addOwnerIndexes(context.revisions);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncDaemonSet(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'daemonset',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    const wake = (key: string) => queue.add(key);
    stack.use(context.writes.watch());
    stack.use(
      context.sets.addHandler({
        onAdd: (set) => wake(keyOf(set)),
        onUpdate: (previous, set) => {
          if (previous !== set) wake(keyOf(set));
        },
        onDelete: (set) => {
          context.failures.forget(set.metadata.uid);
          context.announcer.forget(keyOf(set), 'create');
          context.announcer.forget(keyOf(set), 'delete');
        },
      }),
    );
    stack.use(wakeOwners(podInformer, { owners: context.sets, selectorOf: ({ spec }) => spec.selector, wake }));
    stack.use(watchNodes(context, wake));
  });
}

/** A node matters to a set whose template fits it, or that has a pod there. Heartbeats matter to none. */
function watchNodes(context: DaemonSetContext, wake: (key: string) => void): Disposable {
  const hasPodOn = (set: DaemonSet, nodeName: string) =>
    dependentsOf(context.pods, set.metadata.uid).some((pod) => targetNodeOf(pod) === nodeName);
  const wakeIf = (holds: (set: DaemonSet) => boolean) => {
    for (const set of context.sets.list()) if (holds(set)) wake(keyOf(set));
  };
  return context.nodes.addHandler({
    onAdd: (node) => wakeIf((set) => nodeFit(set, node).shouldRun || hasPodOn(set, node.metadata.name)),
    onUpdate: (previous, node) => {
      if (sameForDaemons(previous, node)) return;
      wakeIf((set) => !isEqual(nodeFit(set, previous), nodeFit(set, node)));
    },
    onDelete: (node) => wakeIf((set) => nodeFit(set, node).shouldRun || hasPodOn(set, node.metadata.name)),
  });
}

function sameForDaemons(left: Node, right: Node): boolean {
  return isEqual(left.metadata.labels, right.metadata.labels) && isEqual(left.spec, right.spec);
}
