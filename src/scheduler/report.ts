/** Tells the owner of a pod why it waits: an event, and the condition PodScheduled. */
import { type Pod, pods } from '../api/index.ts';
import { type Clock, type Logger, timestamp } from '../base/index.ts';
import type { Client, EventRecorder } from '../client/index.ts';
import { podCondition } from '../component-helpers/index.ts';

export interface ReporterOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface Failure {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** Where the pod is to go once there is room; empty clears what was said before; undefined leaves it. */
  readonly nominatedNodeName?: string;
}

/** The API's limit for the message of an event. Upstream: NoteLengthLimit. */
const maxEventMessage = 1024;
const cutMark = ' ...';

function cut(message: string): string {
  return message.length <= maxEventMessage ? message : message.slice(0, maxEventMessage - cutMark.length) + cutMark;
}

/** Resolves when the condition is written, or known to be unwritable. */
export async function reportFailure(options: ReporterOptions, pod: Pod, failure: Failure): Promise<void> {
  options.recorder.event(pod, 'Warning', 'FailedScheduling', cut(failure.message));
  const status = statusPatch(options.clock, pod, failure);
  if (!status) return;
  await writeStatus(options, pod, status);
}

/** Takes a nomination back that no longer holds. */
export async function clearNomination(options: ReporterOptions, pod: Pod): Promise<void> {
  if (pod.status?.nominatedNodeName) await writeStatus(options, pod, { nominatedNodeName: null });
}

async function writeStatus({ client, logger, signal }: ReporterOptions, pod: Pod, status: object): Promise<void> {
  try {
    await client.patch(
      pods,
      pod.metadata,
      { type: 'strategic', body: { metadata: { uid: pod.metadata.uid }, status } },
      { subresource: 'status', signal },
    );
  } catch (error) {
    if (!signal.aborted) logger.warn('pod status not written', { pod: pod.metadata.name, error });
  }
}

/** What the status lacks; undefined when it says all that already. */
function statusPatch(clock: Clock, pod: Pod, { reason, message, nominatedNodeName }: Failure): object | undefined {
  const known = podCondition(pod, 'PodScheduled');
  const isSaid = known?.status === 'False' && known.reason === reason && known.message === message;
  const isNominated = nominatedNodeName === undefined || nominatedNodeName === (pod.status?.nominatedNodeName ?? '');
  if (isSaid && isNominated) return undefined;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : timestamp(clock),
  };
  return { conditions: [condition], ...(isNominated ? {} : { nominatedNodeName: nominatedNodeName || null }) };
}
