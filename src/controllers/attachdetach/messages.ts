/** What the attach/detach controller tells users, word for word as Kubernetes does. */
import type { Pod } from '../../api/index.ts';
import type { Announcement } from '../common/announcer.ts';

/** The blank before the end is part of the text: details would follow it. */
export function attachSucceeded(volume: string): Announcement {
  const message = `AttachVolume.Attach succeeded for volume "${volume}" `;
  return { type: 'Normal', reason: 'SuccessfulAttachVolume', message };
}

export function attachFailed(volume: string, why: string): Announcement {
  const message = `AttachVolume.Attach failed for volume "${volume}" : ${why}`;
  return { type: 'Warning', reason: 'FailedAttachVolume', message };
}

/** When the attachment that is waited for is being deleted. */
export const attachmentDeleted = 'volume attachment is being deleted';

export function detachFailed(volume: string, why: string): Announcement {
  const message = `DetachVolume.Detach failed for volume "${volume}" : ${why}`;
  return { type: 'Warning', reason: 'FailedDetachVolume', message };
}

export function attachTimedOut(driver: string, volumeHandle: string): string {
  return `timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${volumeHandle}`;
}

/**
 * Why the volume cannot be attached for this pod. Pods of other namespaces are counted, not named.
 * Upstream: attachdetach/reconciler/reconciler.go reportMultiAttachError.
 */
export function multiAttachError(volume: string, pod: Pod, podsElsewhere: readonly Pod[]): Announcement {
  const message = `Multi-Attach error for volume "${volume}" ${multiAttachDetail(pod, podsElsewhere)}`;
  return { type: 'Warning', reason: 'FailedAttachVolume', message };
}

function multiAttachDetail(pod: Pod, podsElsewhere: readonly Pod[]): string {
  if (podsElsewhere.length === 0) {
    return "Volume is already exclusively attached to one node and can't be attached to another";
  }
  const local = podsElsewhere.filter((other) => other.metadata.namespace === pod.metadata.namespace);
  const foreign = podsElsewhere.length - local.length;
  if (local.length === 0) return `Volume is already used by ${foreign} pod(s) in different namespaces`;
  const names = local.map((other) => other.metadata.name).join(', ');
  const others = foreign > 0 ? ` and ${foreign} pod(s) in different namespaces` : '';
  return `Volume is already used by pod(s) ${names}${others}`;
}
