/**
 * Cleans up an attachment of which it is not known what volume it stands for: its PersistentVolume is gone or was
 * replaced. Everything is asked for live, because caches of different kinds advance at different speeds.
 */
import { nodes, persistentVolumes, type VolumeAttachment, volumeAttachments } from '../../api/index.ts';
import { done, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { findCsiSource } from '../../component-helpers/index.ts';
import {
  type CsiVolume,
  isAttachmentOf,
  isCsiAttachmentName,
  parseCsiUniqueVolumeName,
} from '../../volume-plugins/index.ts';
import { listLive } from '../common/read-live.ts';
import { type AttachContext, listedVolumes } from './attach-context.ts';
import { readEvidence } from './detach.ts';
import { isManagedNode } from './pod-volumes.ts';

/** A watch that is behind catches up by itself; this only bounds the wait. */
const cacheLagMs = 1_000;
/** A node that is gone, or was made anew, falls silent or becomes Ready without an event of the attachment. */
const recheckNodeMs = 10_000;
/** Listed by no node. */
const unknownVolume = '';

export async function syncOrphan(context: AttachContext, name: string, signal: AbortSignal): Promise<ReconcileResult> {
  const { actual, client, clock, logger, queue, unwantedSinceMs } = context;
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
  // The node lists no volume that the attachment could stand for: nothing on it is in use, if the list is to be trusted.
  if (!unwantedSinceMs.has(name)) unwantedSinceMs.set(name, clock.monotonic());
  const target = { volumeName: unknownVolume, node: attachment.spec.nodeName };
  if ((await readEvidence(context, target, attachment, signal)).kind === 'inUse') return requeueAfter(recheckNodeMs);
  logger.info('deleting an attachment without a volume', { attachment: name, node: attachment.spec.nodeName });
  const { uid, resourceVersion } = attachment.metadata;
  await ifFound(client.delete(volumeAttachments, { name }, { preconditions: { uid, resourceVersion }, signal }));
  actual.markDeleted(attachment);
  return done;
}

async function persistentVolumeBehind(
  { reader }: AttachContext,
  { spec }: VolumeAttachment,
  signal: AbortSignal,
): Promise<CsiVolume | undefined> {
  const { persistentVolumeName, inlineVolumeSpec } = spec.source;
  if (inlineVolumeSpec) return inlineVolumeSpec.csi;
  if (persistentVolumeName === undefined) return undefined;
  const volume = await listLive(reader, persistentVolumes, { name: persistentVolumeName }, signal);
  return volume && findCsiSource(volume);
}
