/** Creates and deletes pods for their owner and tells the owner's readers so. Upstream: controller_utils.go RealPodControl. */
import {
  ApiStatusError,
  type Draft,
  isNotFound,
  type KubernetesObject,
  type Pod,
  type PodTemplateSpec,
  pods,
  type ResourceType,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import type { Client, EventRecorder } from '../../client/index.ts';
import type { Announcer } from './announcer.ts';
import { controllerReference } from './owners.ts';
import type { PodWrites } from './pod-writes.ts';

export interface PodControl {
  readonly client: Client;
  readonly recorder: EventRecorder;
  /** For failures, which come back with every try. */
  readonly announcer: Announcer;
  readonly writes: PodWrites;
}

/** Names longer than this leave no room for what the server appends. */
const longestPrefix = 248;

/** A pod of the template, owned by the object, with a name that the server completes. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubernetesObject, type: ResourceType): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { name, namespace } = owner.metadata;
  return {
    metadata: {
      generateName: `${name.slice(0, longestPrefix - 1)}-`,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner, type)],
    },
    spec: { ...template.spec, containers: template.spec?.containers ?? [] },
  };
}

/** Whether the server refused because the namespace goes away: nobody needs to be told, and trying again is useless. */
export function isNamespaceTerminating(thrown: unknown): boolean {
  if (!(thrown instanceof ApiStatusError)) return false;
  return thrown.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false;
}

export async function createPod(
  { client, recorder, announcer, writes }: PodControl,
  owner: KubernetesObject,
  draft: Draft<Pod>,
  signal: AbortSignal,
): Promise<Pod> {
  try {
    const pod = await client.create(pods, draft, { signal });
    writes.recordCreation(owner.metadata.uid, pod);
    recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    return pod;
  } catch (error) {
    if (!signal.aborted && !isNamespaceTerminating(error)) {
      const message = `Error creating: ${messageOf(error)}`;
      announcer.announce(owner, { type: 'Warning', reason: 'FailedCreate', message }, 'create');
    }
    throw error;
  }
}

export async function deletePod(
  { client, recorder, announcer, writes }: PodControl,
  owner: KubernetesObject,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  writes.recordDeletion(pod);
  try {
    await client.delete(pods, { namespace, name }, { preconditions: { uid }, signal });
    recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  } catch (error) {
    if (isNotFound(error)) return;
    writes.forgetDeletion(pod);
    if (!signal.aborted) {
      const message = `Error deleting: ${messageOf(error)}`;
      announcer.announce(owner, { type: 'Warning', reason: 'FailedDelete', message }, 'delete');
    }
    throw error;
  }
}

/**
 * Runs the action for the given count in batches of 1, 2, 4 ... and stops after the first batch with a failure: what is
 * bound to fail is not tried hundreds of times. Returns the first failure.
 */
export async function inGrowingBatches(count: number, action: (index: number) => Promise<unknown>): Promise<unknown> {
  let started = 0;
  for (let batch = 1; started < count; batch *= 2) {
    const size = Math.min(batch, count - started);
    const first = started;
    started += size;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => action(first + index)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) return failed.reason;
  }
  return undefined;
}
