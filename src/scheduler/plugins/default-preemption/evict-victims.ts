import { isNotFound, type Pod, pods } from '../../../api/index.ts';
import { type Clock, timestamp } from '../../../base/index.ts';
import type { Client, EventRecorder } from '../../../client/index.ts';
import { podCondition } from '../../../component-helpers/index.ts';

export interface EvictionOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Marks a victim and deletes it with its grace period. A victim that is gone is no error. */
export async function evictVictim(
  { client, recorder, clock, signal }: EvictionOptions,
  victim: Pod,
  preemptor: Pod,
  nodeName: string,
): Promise<void> {
  const { uid } = victim.metadata;
  try {
    const known = podCondition(victim, 'DisruptionTarget');
    if (known?.status !== 'True' || known.reason !== 'PreemptionByScheduler') {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
        lastTransitionTime: timestamp(clock),
      };
      const body = { metadata: { uid }, status: { conditions: [condition] } };
      await client.patch(pods, victim.metadata, { type: 'strategic', body }, { subresource: 'status', signal });
    }
    await client.delete(pods, victim.metadata, { preconditions: { uid }, signal });
  } catch (thrown) {
    if (isNotFound(thrown)) return;
    throw thrown;
  }
  recorder.event(victim, 'Normal', 'Preempted', `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`);
}
