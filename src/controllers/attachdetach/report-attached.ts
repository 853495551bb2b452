/**
 * Tells a node that it has a volume. A controller that was replaced as leader may be in the middle of a detach, past its
 * look at the node: before the node is told in its place, the attachment is written to, and its delete fails.
 */
import { isForbidden, isNotFound, type VolumeAttachment, volumeAttachments } from '../../api/index.ts';
import type { AttachContext, VolumeOnNode } from './attach-context.ts';
import { isFlexAttachment } from './flex-record.ts';

/** Which controller last told the node, and for which time. */
const annReportedBy = 'stowage.io/reported-by';

export async function reportAttached(
  context: AttachContext,
  { volumeName, node }: VolumeOnNode,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<void> {
  const { actual, reports } = context;
  const needed = attachment.status?.attached === true && reports.isMissing(node, volumeName);
  if (needed && !actual.isSecured(attachment)) await secure(context, attachment, signal);
  await reports.flush(node, signal);
}

async function secure(
  { actual, client, instance, logger }: AttachContext,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid } = attachment.metadata;
  if (isFlexAttachment(attachment)) {
    // Nothing stands for it that a delete could depend on.
    actual.secure(attachment);
    return;
  }
  const annotations = { [annReportedBy]: `${instance.id}/${++instance.reports}` };
  try {
    const body = { metadata: { uid, annotations } };
    const written = await client.patch(volumeAttachments, { name }, { type: 'merge', body }, { signal });
    if (written.metadata.deletionTimestamp) actual.markDeleted(attachment);
    else actual.secure(attachment);
  } catch (error) {
    if (isForbidden(error)) {
      // Kubernetes' own role for this controller may create and delete attachments, not write to them.
      logger.warn('attachment not written to before its node is told of it', { attachment: name, error });
      actual.secure(attachment);
    } else if (isNotFound(error)) actual.markDeleted(attachment);
    else throw error;
  }
}
