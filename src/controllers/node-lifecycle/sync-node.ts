/** Says what is known of one node: that its agent is silent, which pods it keeps away, and which must leave it. */
import { type Node, nodes, type Pod, pods } from '../../api/index.ts';
import { type Clock, timestamp } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type ReconcileResult,
  requeueAfter,
} from '../../client/index.ts';
import { podCondition } from '../../component-helpers/index.ts';
import { nodeCondition, readyStatusOf } from '../common/node-condition.ts';
import { podsOnNode } from '../common/pods-by-node.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import { isEvicting, silencedConditions, unhealthyTaintKey, wantedTaints } from './decide-node.ts';
import type { NodeHealth } from './node-health.ts';
import { type EvictionPace, type ZoneCensus, zoneOf } from './zones.ts';

export interface NodeLifecycleContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly nodes: WrittenCache<Node>;
  readonly pods: Informer<Pod>;
  readonly health: NodeHealth;
  readonly census: ZoneCensus;
  readonly pace: EvictionPace;
  /** How long a silent agent counts as alive (`--node-monitor-grace-period`). */
  readonly gracePeriodMs: number;
  /** The same for an agent that never said that it is ready (`--node-startup-grace-period`). */
  readonly startupGracePeriodMs: number;
}

export async function syncNode(
  context: NodeLifecycleContext,
  name: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const found = context.nodes.get(name);
  if (!found) return done;
  const silence = await judgeSilence(context, found, signal);
  const { node } = silence;
  const { mayEvict, waitMs } = decideEviction(context, node);
  const taints = wantedTaints(node, { mayEvict, now: timestamp(context.clock) });
  if (taints) {
    const tainted = await context.client.update(nodes, { ...node, spec: { ...node.spec, taints } }, { signal });
    context.nodes.record(tainted);
  }
  // Of pods on a node that can still speak, the node itself tells whether they are ready.
  if (readyStatusOf(node) === 'Unknown') await markPodsNotReady(context, name, signal);
  const waits = [silence.waitMs, waitMs].filter((wait) => wait !== undefined);
  return waits.length > 0 ? requeueAfter(Math.min(...waits)) : done;
}

interface Silence {
  readonly node: Node;
  /** When the silence will have lasted too long; undefined when it has. */
  readonly waitMs: number | undefined;
}

/** After the grace period, nothing that the agent said last holds any more. */
async function judgeSilence(context: NodeLifecycleContext, node: Node, signal: AbortSignal): Promise<Silence> {
  const { client, clock, recorder, health } = context;
  const isKnown = nodeCondition(node, 'Ready') !== undefined;
  const graceMs = isKnown ? context.gracePeriodMs : context.startupGracePeriodMs;
  const leftMs = graceMs - health.silentForMs(node.metadata.name);
  if (leftMs >= 0) return { node, waitMs: leftMs + 1 };
  const conditions = silencedConditions(node, timestamp(clock));
  if (!conditions) return { node, waitMs: undefined };
  // Refused when the agent spoke in the meantime.
  const silenced = await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } }, { signal });
  context.nodes.record(silenced);
  context.census.set(silenced);
  if (readyStatusOf(node) === 'True') {
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
    recorder.event(silenced, 'Normal', 'NodeNotReady', message);
  }
  return { node: silenced, waitMs: undefined };
}

function decideEviction({ census, pace }: NodeLifecycleContext, node: Node) {
  if (unhealthyTaintKey(node) === undefined) return { mayEvict: false, waitMs: undefined };
  // What was begun goes on, unless nobody at all is ready any more.
  if (isEvicting(node)) return { mayEvict: !census.isAllSilent, waitMs: undefined };
  const zone = zoneOf(node);
  const rate = census.evictionRate(zone);
  if (rate === 0) return { mayEvict: false, waitMs: undefined };
  const waitMs = pace.take(zone, rate);
  return waitMs > 0 ? { mayEvict: false, waitMs } : { mayEvict: true, waitMs: undefined };
}

async function markPodsNotReady(context: NodeLifecycleContext, nodeName: string, signal: AbortSignal): Promise<void> {
  const { client, clock, recorder } = context;
  for (const pod of podsOnNode(context.pods, nodeName)) {
    const ready = podCondition(pod, 'Ready');
    if (ready?.status !== 'True') continue;
    const { namespace, name, uid } = pod.metadata;
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: timestamp(clock) };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    const patch = client.patch(
      pods,
      { namespace, name },
      { type: 'strategic', body },
      { subresource: 'status', signal },
    );
    const marked = await ifFound(patch);
    if (marked) recorder.event(marked, 'Warning', 'NodeNotReady', 'Node is not ready');
  }
}
