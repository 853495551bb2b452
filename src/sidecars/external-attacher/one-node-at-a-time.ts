/**
 * The last guard before the driver: whoever makes attachments, be it two controllers that each take themselves for the
 * leader, a volume for one node is not published to a second one before the first let go.
 */
import type { PersistentVolume, VolumeAttachment } from '../../api/index.ts';
import { attacherFinalizer, isExclusiveVolume, volumeAttachmentName } from '../../component-helpers/index.ts';
import { type AttacherContext, AttachmentError } from './context.ts';

/** Throws an AttachmentError while another attachment of the volume may be carried out, on another node. */
export function assertFree(context: AttacherContext, attachment: VolumeAttachment, volume: PersistentVolume): void {
  if (!isExclusiveVolume(volume.spec)) return;
  const { name } = volume.metadata;
  const begun = context.begun.get(name);
  const finalizer = attacherFinalizer(context.driver.name);
  const holder = context
    .attachmentsOf(name)
    .find(
      (other) =>
        other.spec.nodeName !== attachment.spec.nodeName &&
        (begun?.has(other.metadata.uid) || other.metadata.finalizers?.includes(finalizer)),
    );
  if (!holder) return;
  throw new AttachmentError(`PersistentVolume "${name}" is not detached yet from node "${holder.spec.nodeName}"`);
}

/**
 * Throws an AttachmentError when the attachment was made for another volume that had this name: its own name carries
 * the handle's hash. Attachments that were made by hand are called otherwise.
 */
export function assertSameVolume({ metadata, spec }: VolumeAttachment, volume: PersistentVolume): void {
  if (isMadeFor({ metadata, spec }, volume) !== false) return;
  throw new AttachmentError(`PersistentVolume "${volume.metadata.name}" was replaced by another`);
}

/** Whether the attachment was made for the volume as it is now; undefined when its name does not tell. */
export function isMadeFor(
  { metadata, spec }: Pick<VolumeAttachment, 'metadata' | 'spec'>,
  { spec: { csi } }: Pick<PersistentVolume, 'spec'>,
): boolean | undefined {
  if (!csi || !/^csi-[0-9a-f]{64}$/.test(metadata.name)) return undefined;
  const { driver, volumeHandle } = csi;
  return metadata.name === volumeAttachmentName({ driver, volumeHandle, node: spec.nodeName });
}

export function rememberBegun({ begun }: AttacherContext, volumeName: string, uid: string): void {
  const uids = begun.get(volumeName);
  if (uids) uids.add(uid);
  else begun.set(volumeName, new Set([uid]));
}

export function forgetBegun({ begun }: AttacherContext, volumeName: string, uid: string): void {
  const uids = begun.get(volumeName);
  uids?.delete(uid);
  if (uids?.size === 0) begun.delete(volumeName);
}
