/** Tells in a pod's status that it goes through no fault of its own, before it goes. */
import { type Pod, type PodCondition, pods } from '../../api/index.ts';
import { type Clock, timestamp } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import { podCondition } from '../../component-helpers/index.ts';

export interface Disruption {
  /** Undefined when the pod is on its way out anyway. */
  readonly reason?: string;
  readonly message?: string;
  /** Whether the pod counts as failed from now on: nobody is left who could tell how it ends. */
  readonly isFailed: boolean;
}

/** Writes the condition DisruptionTarget and the phase, unless the pod has them. */
export async function markDisrupted(
  { client, clock }: { readonly client: Client; readonly clock: Clock },
  pod: Pod,
  { reason, message = '', isFailed }: Disruption,
  signal: AbortSignal,
): Promise<void> {
  const isTold = reason === undefined || podCondition(pod, 'DisruptionTarget')?.reason === reason;
  const hasEnded = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
  if (isTold && (hasEnded || !isFailed)) return;
  const { namespace, name, uid, generation } = pod.metadata;
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: reason ?? '',
    message,
    lastTransitionTime: timestamp(clock),
    ...(generation ? { observedGeneration: generation } : {}),
  };
  const status = {
    ...(isTold ? {} : { conditions: [condition] }),
    ...(isFailed && !hasEnded ? { phase: 'Failed' } : {}),
  };
  const patch = { type: 'strategic' as const, body: { metadata: { uid }, status } };
  await client.patch(pods, { namespace, name }, patch, { subresource: 'status', signal });
}
