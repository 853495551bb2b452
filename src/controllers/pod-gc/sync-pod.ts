/** Removes a pod that nobody will ever end, after a live look at its node. */
import { type Lease, leases, type Node, nodes, type Pod, pods } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import { type Client, done, type Informer, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { type Disruption, markDisrupted } from '../common/disrupt-pod.ts';
import { nodeLeaseNamespace } from '../common/node-condition.ts';
import { listLive } from '../common/read-live.ts';
import { type CollectDecision, decidePod, type PodSurroundings } from './decide-pod.ts';
import type { EndedPods } from './ended-pods.ts';

export interface PodGarbageContext {
  readonly client: Client;
  /** Reads what the client may not. */
  readonly reader: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly leases: Informer<Lease>;
  /** Since when a node that pods name has been missing, by this process's own clock. */
  readonly missingSinceMs: Map<string, number>;
}

const disruptions: Readonly<Record<string, Disruption>> = {
  'node-gone': { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', isFailed: true },
  'out-of-service': { isFailed: true },
  'never-scheduled': { isFailed: true },
};

export async function syncPod(context: PodGarbageContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const { client, reader, logger } = context;
  const pod = context.pods.get(key);
  if (!pod) return done;
  const name = pod.spec.nodeName ?? '';
  const first = decide(context, pod, { node: context.nodes.get(name), lease: leaseOf(context, name) });
  if (first.kind !== 'forceDelete') return again(first);
  const [node, lease] = await Promise.all([
    name === '' ? undefined : ifFound(client.get(nodes, { name }, { signal })),
    name === '' ? undefined : listLive(reader, leases, { namespace: nodeLeaseNamespace, name }, signal),
  ]);
  const decision = decide(context, pod, { node, lease });
  if (decision.kind !== 'forceDelete') return again(decision);
  logger.info('a pod is removed that nobody will end', { pod: key, node: name, cause: decision.cause });
  await remove(context, pod, decision.cause, signal);
  return done;
}

function again(decision: CollectDecision): ReconcileResult {
  return decision.kind === 'lookAgain' ? requeueAfter(decision.delayMs) : done;
}

function leaseOf({ leases: cache }: PodGarbageContext, nodeName: string): Lease | undefined {
  return cache.get(`${nodeLeaseNamespace}/${nodeName}`);
}

function decide(
  { clock, missingSinceMs }: PodGarbageContext,
  pod: Pod,
  seen: Pick<PodSurroundings, 'node' | 'lease'>,
): CollectDecision {
  const name = pod.spec.nodeName ?? '';
  const monotonicMs = clock.monotonic();
  if (seen.node) missingSinceMs.delete(name);
  else if (!missingSinceMs.has(name)) missingSinceMs.set(name, monotonicMs);
  const nodeMissingForMs = monotonicMs - (missingSinceMs.get(name) ?? monotonicMs);
  return decidePod(pod, { ...seen, nodeMissingForMs, nowMs: clock.now() });
}

async function remove(context: PodGarbageContext, pod: Pod, cause: string, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const disruption = disruptions[cause] ?? { isFailed: true };
  await ifFound(markDisrupted(context, pod, disruption, signal));
  const options = { gracePeriodSeconds: 0, preconditions: { uid }, signal };
  await ifFound(context.client.delete(pods, { namespace, name }, options));
}

/** Makes room among the pods that have ended. */
export async function removeSurplus(
  { client, logger }: PodGarbageContext,
  ended: EndedPods,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const surplus = ended.surplus();
  if (surplus.length === 0) return done;
  logger.info('pods that have ended are removed to make room', { count: surplus.length });
  for (const { metadata } of surplus) {
    const { namespace, name, uid } = metadata;
    await ifFound(client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid }, signal }));
  }
  return done;
}
