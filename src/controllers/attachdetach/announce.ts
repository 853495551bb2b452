/** Tells pods what becomes of their volumes: each pod once, and again when it is news again. */
import { keyOf } from '../../api/index.ts';
import type { AttachContext, VolumeOnNode } from './attach-context.ts';
import { attachmentNameOf } from './flex-record.ts';
import { attachFailed, attachSucceeded, detachFailed, multiAttachError } from './messages.ts';

/** Only of attaches that this process saw happen. */
export function announceAttached(context: AttachContext, { volumeName, node }: VolumeOnNode): void {
  const volume = context.desired.wantedOn(volumeName, node);
  if (!volume || !context.pendingAttaches.delete(attachmentNameOf({ volumeName, node }))) return;
  const { type, reason, message } = attachSucceeded(volume.name);
  for (const pod of context.desired.podsWanting(volumeName, node)) {
    // What failed before and fails again is news again.
    context.announcer.forget(keyOf(pod), volumeName);
    context.announcer.forget(keyOf(pod), detachTopic(volumeName));
    context.recorder.event(pod, type, reason, message);
  }
}

export function announceAttachFailed(context: AttachContext, { volumeName, node }: VolumeOnNode, why: string): void {
  const volume = context.desired.wantedOn(volumeName, node);
  if (!volume) return;
  for (const pod of context.desired.podsWanting(volumeName, node)) {
    context.announcer.announce(pod, attachFailed(volume.name, why), volumeName);
  }
}

/** Pods that wait for a node that cannot let go, be it their own, are told why it cannot. */
export function announceDetachFailed(context: AttachContext, { volumeName, node }: VolumeOnNode, why: string): void {
  const volume = context.desired.wantedOn(volumeName, node);
  if (!volume) return;
  for (const pod of context.desired.podsWanting(volumeName, node)) {
    context.announcer.announce(pod, detachFailed(volume.name, why), detachTopic(volumeName));
  }
}

export function announceBlocked(
  context: AttachContext,
  { volumeName, node }: VolumeOnNode,
  holders: readonly string[],
): void {
  const { actual, announcer, desired } = context;
  const volume = desired.wantedOn(volumeName, node);
  if (!volume) return;
  const podsElsewhere = holders.flatMap((holder) => desired.podsWanting(volumeName, holder));
  for (const pod of desired.podsWanting(volumeName, node)) {
    announcer.announce(pod, multiAttachError(volume.name, pod, podsElsewhere), volumeName);
  }
  for (const holder of holders) {
    const error = actual.attachmentsOf(volumeName).get(holder)?.status?.detachError?.message;
    if (error) announceDetachFailed(context, { volumeName, node }, error);
  }
}

export function forgetAnnouncements({ announcer }: AttachContext, podKey: string, volumeName: string): void {
  announcer.forget(podKey, volumeName);
  announcer.forget(podKey, detachTopic(volumeName));
}

function detachTopic(volumeName: string): string {
  return `detach/${volumeName}`;
}
