/** The pod garbage collector: removes pods that nobody will ever end. */
import { keyOf, leases, type Node, nodes, type Pod, pods } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { taintOutOfService } from '../../component-helpers/index.ts';
import { readyStatusOf } from '../common/node-condition.ts';
import { addPodNodeIndex, podsOnNode } from '../common/pods-by-node.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { EndedPods } from './ended-pods.ts';
import { type PodGarbageContext, removeSurplus, syncPod } from './sync-pod.ts';

export const podGarbageCollectorName = 'pod-garbage-collector';

export interface PodGarbageCollectorOptions extends Omit<ControllerOptions, 'recorder'> {
  /** So many pods that have ended may stay; 0: any number (`--terminated-pod-gc-threshold`). */
  readonly endedPodThreshold?: number;
}

const defaultEndedPodThreshold = 12_500;
/** How long pods that are too many stay. Upstream: gcCheckPeriod. */
const checkPeriodMs = 20_000;
/** No pod's key: it has no slash. */
const surplusKey = 'surplus';

export function startPodGarbageCollector(options: PodGarbageCollectorOptions): AsyncDisposable {
  const { informers, client, clock } = options;
  const logger = options.logger.with({ component: podGarbageCollectorName });
  const context: PodGarbageContext = {
    client,
    reader: options.reader ?? client,
    clock,
    logger,
    pods: informers.informer(pods),
    nodes: informers.informer(nodes),
    leases: informers.informer(leases),
    missingSinceMs: new Map(),
  };
  addPodNodeIndex(context.pods);
  const ended = new EndedPods(options.endedPodThreshold ?? defaultEndedPodThreshold);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) =>
      key === surplusKey ? removeSurplus(context, ended, signal) : syncPod(context, key, signal);
    const queue = stack.use(runReconciler({ name: 'podgc', clock, logger, metrics: options.metrics, reconcile }));
    const wakePod = (pod: Pod) => {
      const { nodeName } = pod.spec;
      const isEnding = pod.metadata.deletionTimestamp !== undefined;
      if (nodeName ? isEnding || !context.nodes.get(nodeName) : isEnding) queue.add(keyOf(pod));
    };
    const wakeNode = (node: Node) => {
      for (const pod of podsOnNode(context.pods, node.metadata.name)) queue.add(keyOf(pod));
    };
    const observe = (pod: Pod) => {
      ended.observe(pod);
      if (ended.isTooMany) queue.addAfter(surplusKey, checkPeriodMs);
      wakePod(pod);
    };
    stack.use(
      context.pods.addHandler({
        onAdd: observe,
        onUpdate: (_previous, pod) => observe(pod),
        onDelete: (pod) => ended.forget(pod),
      }),
    );
    stack.use(
      context.nodes.addHandler({
        onAdd: (node) => context.missingSinceMs.delete(node.metadata.name),
        onUpdate: (previous, node) => {
          if (isFenced(previous) !== isFenced(node)) wakeNode(node);
        },
        onDelete: (node) => {
          context.missingSinceMs.set(node.metadata.name, clock.monotonic());
          wakeNode(node);
        },
      }),
    );
  });
}

function isFenced(node: Node): boolean {
  const isOutOfService = node.spec.taints?.some(({ key }) => key === taintOutOfService) ?? false;
  return isOutOfService && readyStatusOf(node) !== 'True';
}
