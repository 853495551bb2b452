/** The taint eviction controller: pods leave nodes whose NoExecute taints they do not tolerate, or no longer. */
import { isEqual, keyOf, type Node, nodes, type Pod, pods } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { addPodNodeIndex, podsOnNode } from '../common/pods-by-node.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { noExecuteTaints } from './decide-eviction.ts';
import { syncPod, type TaintEvictionContext } from './sync-pod.ts';

/** The name that its events carry. */
export const taintEvictionControllerName = 'taint-eviction-controller';

export function startTaintEvictionController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: taintEvictionControllerName });
  const context: TaintEvictionContext = {
    client,
    recorder,
    clock,
    pods: informers.informer(pods),
    nodes: informers.informer(nodes),
    runningSinceMs: new Map(),
  };
  addPodNodeIndex(context.pods);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncPod(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'noexec_taint_pod', clock, logger, metrics: options.metrics, reconcile }),
    );
    const wakeNode = (node: Node) => {
      for (const pod of podsOnNode(context.pods, node.metadata.name)) queue.add(keyOf(pod));
    };
    const wakePod = (pod: Pod) => {
      if (noExecuteTaints(context.nodes.get(pod.spec.nodeName ?? '')).length > 0) queue.add(keyOf(pod));
    };
    stack.use(
      context.nodes.addHandler({
        onAdd: wakeNode,
        onUpdate: (previous, node) => {
          if (!isEqual(noExecuteTaints(previous), noExecuteTaints(node))) wakeNode(node);
        },
      }),
    );
    stack.use(
      context.pods.addHandler({
        onAdd: wakePod,
        onUpdate: (previous, pod) => {
          if (previous.spec !== pod.spec) wakePod(pod);
        },
        onDelete: (pod) => context.runningSinceMs.delete(pod.metadata.uid),
      }),
    );
  });
}
