/** Takes back that a pod was about to be disrupted, when nothing came of it. Upstream: disruption.go syncStalePodDisruption. */
import { type Pod, pods } from '../../api/index.ts';
import { timestamp } from '../../base/index.ts';
import { done, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { isPodPhaseTerminal, podCondition } from '../../component-helpers/index.ts';
import type { DisruptionContext } from './sync-budget.ts';

/** How long a pod may be marked without being deleted. */
const staleDisruptionMs = 2 * 60_000;

/** When the mark of the pod is stale; undefined when it has none that could be. */
export function staleInMs(pod: Pod, nowMs: number): number | undefined {
  const condition = podCondition(pod, 'DisruptionTarget');
  if (pod.metadata.deletionTimestamp || isPodPhaseTerminal(pod) || condition?.status !== 'True') return undefined;
  // A node agent may take its time.
  if (condition.reason === 'TerminationByKubelet') return undefined;
  return Math.max(0, Date.parse(condition.lastTransitionTime ?? '') + staleDisruptionMs - nowMs) || 0;
}

export async function syncStaleDisruption(
  { client, clock, pods: informer }: Pick<DisruptionContext, 'client' | 'clock' | 'pods'>,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const pod = informer.get(key);
  const waitMs = pod && staleInMs(pod, clock.now());
  if (!pod || waitMs === undefined) return done;
  if (waitMs > 0) return requeueAfter(waitMs);
  const { namespace, name, uid, generation } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'False',
    reason: null,
    message: null,
    lastTransitionTime: timestamp(clock),
    ...(generation ? { observedGeneration: generation } : {}),
  };
  const body = { metadata: { uid }, status: { conditions: [condition] } };
  await ifFound(
    client.patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status', signal }),
  );
  return done;
}
