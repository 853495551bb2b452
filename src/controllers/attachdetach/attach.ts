/** Has a volume attached to a node, by a VolumeAttachment, and waits for the attacher. Upstream: volume/csi/csi_attacher.go. */
import { isAlreadyExists, isNotFound, volumeAttachments } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { csiAttachmentName, parseCsiUniqueVolumeName } from '../../volume-plugins/index.ts';
import { announceAttachFailed } from './announce.ts';
import type { AttachContext, VolumeOnNode } from './attach-context.ts';
import { attachmentDeleted, attachTimedOut } from './messages.ts';

/** How long an attacher may take before users are told. Upstream: csiTimeout of the CSI attacher. */
const attachTimeoutMs = 120_000;

/** Returns after how many milliseconds to look again; Infinity when an event will tell. */
export async function attach(
  context: AttachContext,
  { volumeName, node }: VolumeOnNode,
  signal: AbortSignal,
): Promise<number> {
  const { actual, client, clock, desired, pendingAttaches } = context;
  const source = parseCsiUniqueVolumeName(volumeName);
  const wanted = desired.wantedOn(volumeName, node);
  if (wanted?.flex && context.flex) return await context.flex.attach(context, { volumeName, node }, signal);
  if (!source || !wanted) return Number.POSITIVE_INFINITY;
  const name = csiAttachmentName(source, node);
  pendingAttaches.set(name, { sinceMs: clock.monotonic() });
  const spec = { attacher: source.driver, nodeName: node, source: wanted.source };
  try {
    const created = await client.create(volumeAttachments, { metadata: { name }, spec }, { signal });
    actual.secure(created);
    // The watch may have been faster, and may know more.
    if (!actual.get(name)) actual.set(created, [source]);
  } catch (error) {
    if (!isAlreadyExists(error)) {
      announceAttachFailed(context, { volumeName, node }, messageOf(error));
      throw error;
    }
    context.logger.debug('attachment exists already', { attachment: name, volume: volumeName, node });
  }
  return attachTimeoutMs;
}

/** The attacher works on it, or failed and tries again: users are told what it says, or that it is silent. */
export function awaitAttach(context: AttachContext, target: VolumeOnNode, error: string | undefined): number {
  const source = parseCsiUniqueVolumeName(target.volumeName);
  if (!source) return context.flex?.awaitAttach(context, target) ?? Number.POSITIVE_INFINITY;
  const name = csiAttachmentName(source, target.node);
  const nowMs = context.clock.monotonic();
  const pending = context.pendingAttaches.get(name) ?? { sinceMs: nowMs };
  context.pendingAttaches.set(name, pending);
  if (error) {
    announceAttachFailed(context, target, error);
    return Number.POSITIVE_INFINITY;
  }
  const leftMs = pending.sinceMs + attachTimeoutMs - nowMs;
  if (leftMs > 0) return leftMs;
  announceAttachFailed(context, target, attachTimedOut(source.driver, source.volumeHandle));
  void confirmAttachment(context, name);
  return attachTimeoutMs;
}

/** Somebody deleted the attachment that a pod waits for. */
export function attachInterrupted(context: AttachContext, target: VolumeOnNode): void {
  const source = parseCsiUniqueVolumeName(target.volumeName);
  if (!source || !context.pendingAttaches.has(csiAttachmentName(source, target.node))) return;
  announceAttachFailed(context, target, attachmentDeleted);
}

/** An attachment that never changes may have been deleted unseen. */
async function confirmAttachment({ client, actual, queue, logger }: AttachContext, name: string): Promise<void> {
  try {
    await client.get(volumeAttachments, { name });
  } catch (error) {
    if (!isNotFound(error)) {
      logger.debug('attachment could not be read', { attachment: name, error });
      return;
    }
    const volumeName = actual.delete(name);
    if (volumeName !== undefined) queue.add(volumeName);
  }
}
