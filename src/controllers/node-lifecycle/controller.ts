/** The node lifecycle controller: notices nodes whose agent is silent and taints nodes by their conditions. */
import { isEqual, keyOf, leases, type Node, nodes, type Pod, pods } from '../../api/index.ts';
import { type Informer, runReconciler } from '../../client/index.ts';
import { nodeLeaseNamespace, readyStatusOf } from '../common/node-condition.ts';
import { addPodNodeIndex } from '../common/pods-by-node.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import { isEvicting } from './decide-node.ts';
import { NodeHealth } from './node-health.ts';
import { type NodeLifecycleContext, syncNode } from './sync-node.ts';
import { defaultEvictionLimits, type EvictionLimits, EvictionPace, ZoneCensus } from './zones.ts';

/** The name that its events carry. */
export const nodeLifecycleControllerName = 'node-controller';

const defaultGracePeriodMs = 50_000;
const defaultStartupGracePeriodMs = 60_000;

export interface NodeLifecycleControllerOptions extends ControllerOptions {
  /** How long a silent agent counts as alive (`--node-monitor-grace-period`). */
  readonly gracePeriodMs?: number;
  /** The same for an agent that never said that it is ready (`--node-startup-grace-period`). */
  readonly startupGracePeriodMs?: number;
  /** How many nodes are emptied, and how fast; upstream's defaults for what is left out. */
  readonly evictionLimits?: Partial<EvictionLimits>;
}

export function startNodeLifecycleController(options: NodeLifecycleControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: nodeLifecycleControllerName });
  const nodeInformer = informers.informer(nodes);
  const leaseInformer = informers.informer(leases);
  const context: NodeLifecycleContext = {
    client,
    recorder,
    clock,
    nodes: new WrittenCache(nodeInformer),
    pods: informers.informer(pods),
    health: new NodeHealth(clock),
    census: new ZoneCensus({ ...defaultEvictionLimits, ...options.evictionLimits }),
    pace: new EvictionPace(clock),
    gracePeriodMs: options.gracePeriodMs ?? defaultGracePeriodMs,
    startupGracePeriodMs: options.startupGracePeriodMs ?? defaultStartupGracePeriodMs,
  };
  addPodNodeIndex(context.pods);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncNode(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'node_lifecycle_controller', clock, logger, metrics: options.metrics, reconcile }),
    );
    const wake = (name: string) => queue.add(name);
    // A renewed lease wakes nobody: the node's next look finds that there was one.
    stack.use(
      leaseInformer.addHandler({
        onAdd: (lease) => {
          if (lease.metadata.namespace === nodeLeaseNamespace) context.health.observeLease(lease);
        },
        onUpdate: (_previous, lease) => {
          if (lease.metadata.namespace === nodeLeaseNamespace) context.health.observeLease(lease);
        },
      }),
    );
    stack.use(watchNodes(context, nodeInformer, wake));
    stack.use(watchPods(context, wake));
  });
}

function watchNodes(context: NodeLifecycleContext, informer: Informer<Node>, wake: (name: string) => void) {
  const { recorder, health, census } = context;
  /** Nodes that another node's health may allow, or forbid, to be emptied. */
  const unhealthy = new Set<string>();
  const observe = (node: Node) => {
    context.nodes.observe(node);
    health.observeNode(node);
    census.set(node);
    const { name } = node.metadata;
    if (readyStatusOf(node) === 'True' && !isEvicting(node)) unhealthy.delete(name);
    else unhealthy.add(name);
  };
  const wakeUnhealthy = () => {
    for (const name of unhealthy) wake(name);
  };
  return informer.addHandler({
    onAdd: (node) => {
      const { name } = node.metadata;
      observe(node);
      recorder.event(node, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      wake(name);
      if (readyStatusOf(node) === 'True') wakeUnhealthy();
    },
    onUpdate: (previous, node) => {
      observe(node);
      if (previous === node) return;
      const isNews = !isEqual(conditionStates(previous), conditionStates(node)) || !isEqual(previous.spec, node.spec);
      if (isNews) wake(node.metadata.name);
      if (readyStatusOf(previous) !== readyStatusOf(node)) wakeUnhealthy();
    },
    onDelete: (node) => {
      const { name } = node.metadata;
      context.nodes.observeDeletion(node);
      health.forget(name);
      census.delete(name);
      unhealthy.delete(name);
      recorder.event(node, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      wakeUnhealthy();
    },
  });
}

function conditionStates({ status }: Node) {
  return status?.conditions?.map(({ type, status: state }) => [type, state]);
}

/** A pod that is bound to a silent node is not ready, whatever it says. */
function watchPods(context: NodeLifecycleContext, wake: (name: string) => void): Disposable {
  const bound = (pod: Pod) => {
    const node = context.nodes.get(pod.spec.nodeName ?? '');
    if (node && readyStatusOf(node) === 'Unknown') wake(keyOf(node));
  };
  return context.pods.addHandler({
    onAdd: bound,
    onUpdate: (previous, pod) => {
      if (previous.spec.nodeName !== pod.spec.nodeName) bound(pod);
    },
  });
}
