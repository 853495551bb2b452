/**
 * Cleans up an attachment of which it is not known what volume it stands for: its PersistentVolume is gone or was
 * replaced. Everything is asked for live, because caches of different kinds advance at different speeds.
 */
import { nodes, persistentVolumes, type VolumeAttachment, volumeAttachments } from '../../api/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import {
  type CsiVolume,
  csiVolumeOf,
  isAttachmentOf,
  isCsiAttachmentName,
  parseCsiUniqueVolumeName,
} from '../../volume-plugins/index.ts';
import { ifFound, listLive } from '../common/read-live.ts';
import { type AttachContext, listedVolumes } from './attach-context.ts';
import { isManagedNode } from './pod-volumes.ts';

/** A watch that is behind catches up by itself; this only bounds the wait. */
const cacheLagMs = 1_000;

export async function syncOrphan(context: AttachContext, name: string, signal: AbortSignal): Promise<ReconcileResult> {
  const { actual, client, logger, queue } = context;
  const attachment = actual.get(name);
  if (!attachment || !isCsiAttachmentName(name) || actual.isDeleting(attachment)) return done;
  if (actual.volumeNameOf(name) !== undefined) return done;
  const node = await ifFound(client.get(nodes, { name: attachment.spec.nodeName }, { signal }));
  if (node && !isManagedNode(node)) return done;
  const listed = node ? listedVolumes(node).map(parseCsiUniqueVolumeName) : [];
  const behind = await persistentVolumeBehind(context, attachment, signal);
  // The cache of volumes has not caught up: then neither is it known which pods want the volume.
  if (behind && isAttachmentOf(attachment, behind)) return requeueAfter(cacheLagMs);
  const candidates = listed.filter((candidate) => candidate !== undefined);
  const volumeName = actual.set(attachment, candidates);
  if (volumeName !== undefined) {
    queue.add(volumeName);
    return done;
  }
  // The node lists no volume that the attachment could stand for, so nothing on it can be in use.
  logger.info('deleting an attachment without a volume', { attachment: name, node: attachment.spec.nodeName });
  const { uid } = attachment.metadata;
  await ifFound(client.delete(volumeAttachments, { name }, { preconditions: { uid }, signal }));
  actual.markDeleted(uid);
  return done;
}

async function persistentVolumeBehind(
  { reader }: AttachContext,
  { spec }: VolumeAttachment,
  signal: AbortSignal,
): Promise<CsiVolume | undefined> {
  const { persistentVolumeName, inlineVolumeSpec } = spec.source;
  if (inlineVolumeSpec) return csiVolumeOf(inlineVolumeSpec);
  if (persistentVolumeName === undefined) return undefined;
  const volume = await listLive(reader, persistentVolumes, { name: persistentVolumeName }, signal);
  return volume && csiVolumeOf(volume.spec);
}
