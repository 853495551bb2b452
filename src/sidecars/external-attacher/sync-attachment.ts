/**
 * One VolumeAttachment: attaches until it is attached, detaches once it is being deleted. The finalizers are written
 * before the driver is called, so that an attachment in doubt is always detached before its object goes.
 */

import {
  isNotFound,
  type PersistentVolume,
  type PersistentVolumeSpec,
  persistentVolumes,
  type VolumeAttachment,
  volumeAttachments,
} from '../../api/index.ts';
import { messageOf, timestamp } from '../../base/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import { asCsiVolume, attacherFinalizer, MigrationError } from '../../component-helpers/index.ts';
import { CsiError } from '../../csi/index.ts';
import { type AttacherContext, AttachmentError, nodeIdAnnotation } from './context.ts';
import { csiControllerPublish, csiControllerUnpublish } from './csi-controller-publish.ts';
import { assertFree, assertSameVolume, isMadeFor, rememberBegun } from './one-node-at-a-time.ts';

/** Upstream truncates what a driver says to this; the API refuses more than 1,024 bytes. */
const maxErrorLength = 1000;

export async function syncAttachment(
  context: AttacherContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const attachment = context.attachments.get(key);
  if (!attachment || attachment.spec.attacher !== context.driver.name) return done;
  const lockKey = attachment.spec.source.persistentVolumeName ?? key;
  await context.volumeLock.run(lockKey, async () => {
    if (attachment.metadata.deletionTimestamp) await detach(context, attachment, signal);
    else if (attachment.status?.attached !== true) await attach(context, attachment, signal);
  });
  return done;
}

async function attach(context: AttacherContext, given: VolumeAttachment, signal: AbortSignal): Promise<void> {
  try {
    const { attachment, volume, nodeId } = await prepare(context, given, signal);
    const attachmentMetadata = await csiControllerPublish(context, { ...volume, nodeId }, signal);
    const hasMetadata = Object.keys(attachmentMetadata).length > 0;
    const status = {
      attached: true,
      attachError: null,
      detachError: null,
      ...(hasMetadata ? { attachmentMetadata } : {}),
    };
    await patchStatus(context, attachment, status, signal);
  } catch (thrown) {
    if (!signal.aborted) await recordError(context, given, 'attachError', thrown, signal);
    throw thrown;
  }
}

/** Finds what to attach and where, and puts our finalizers on the volume and the attachment. */
async function prepare(context: AttacherContext, attachment: VolumeAttachment, signal: AbortSignal) {
  const nodeId = nodeIdOf(context, attachment);
  const { source } = attachment.spec;
  let volume: { readonly spec: PersistentVolumeSpec };
  if (source.persistentVolumeName !== undefined) {
    volume = await holdVolume(context, attachment, source.persistentVolumeName, signal);
  } else if (source.inlineVolumeSpec) {
    if (!source.inlineVolumeSpec.csi) throw new AttachmentError('inline volume spec contains nil CSI source');
    volume = { spec: source.inlineVolumeSpec };
    assertOurs(context, volume);
  } else throw new AttachmentError('neither InlineCSIVolumeSource nor PersistentVolumeName specified in VA source');
  const finalizer = attacherFinalizer(context.driver.name);
  const held = attachment.metadata.finalizers?.includes(finalizer) === true;
  if (held && attachment.metadata.annotations?.[nodeIdAnnotation] === nodeId) return { attachment, volume, nodeId };
  const { uid } = attachment.metadata;
  const body = { metadata: { uid, finalizers: [finalizer], annotations: { [nodeIdAnnotation]: nodeId } } };
  const patched = await context.client.patch(
    volumeAttachments,
    attachment.metadata,
    { type: 'strategic', body },
    { signal },
  );
  return { attachment: patched, volume, nodeId };
}

/** The volume as the driver knows it. */
function translated(volume: PersistentVolume): PersistentVolume {
  try {
    return asCsiVolume(volume);
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new AttachmentError(`failed to translate in tree pv to CSI: ${error.message}`, { cause: error });
  }
}

/** To this driver, the handle of another one's volume may be the name of some volume of its own. Upstream asks it. */
function assertOurs({ driver }: AttacherContext, { spec }: { readonly spec: PersistentVolumeSpec }): void {
  if (!spec.csi) throw new AttachmentError('persistent volume is not a CSI volume');
  if (spec.csi.driver === driver.name) return;
  throw new AttachmentError(`volume is of driver "${spec.csi.driver}", which is not "${driver.name}"`);
}

/** Puts our finalizer on the volume; answers with the volume as the driver knows it. */
async function holdVolume(
  context: AttacherContext,
  attachment: VolumeAttachment,
  name: string,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const volume = context.volumes.get(name) ?? (await context.client.get(persistentVolumes, { name }, { signal }));
  if (volume.metadata.deletionTimestamp) throw new AttachmentError(`PersistentVolume "${name}" is marked for deletion`);
  assertOurs(context, translated(volume));
  assertSameVolume(attachment, volume);
  assertFree(context, attachment, volume);
  rememberBegun(context, name, attachment.metadata.uid);
  const finalizer = attacherFinalizer(context.driver.name);
  if (volume.metadata.finalizers?.includes(finalizer)) return translated(volume);
  const order = [...(volume.metadata.finalizers ?? []), finalizer];
  const metadata = { uid: volume.metadata.uid, finalizers: [finalizer], '$setElementOrder/finalizers': order };
  const body = { metadata };
  return translated(await context.client.patch(persistentVolumes, { name }, { type: 'strategic', body }, { signal }));
}

function nodeIdOf(context: AttacherContext, attachment: VolumeAttachment): string {
  const { nodeName } = attachment.spec;
  const csiNode = context.csiNodes.get(nodeName);
  const nodeId = csiNode?.spec.drivers.find(({ name }) => name === context.driver.name)?.nodeID;
  if (nodeId) return nodeId;
  const kept = attachment.metadata.annotations?.[nodeIdAnnotation];
  if (kept) return kept;
  throw new AttachmentError(
    csiNode
      ? `CSINode ${nodeName} does not contain driver ${context.driver.name}`
      : `csinode.storage.k8s.io "${nodeName}" not found`,
  );
}

async function detach(context: AttacherContext, attachment: VolumeAttachment, signal: AbortSignal): Promise<void> {
  const finalizer = attacherFinalizer(context.driver.name);
  if (!attachment.metadata.finalizers?.includes(finalizer)) return;
  try {
    const spec = await attachedSpec(context, attachment, signal);
    // A volume that is gone although we held it was forced away; there is no handle left to detach by.
    if (spec) await csiControllerUnpublish(context, { spec, nodeId: nodeIdOf(context, attachment) }, signal);
    await patchStatus(context, attachment, { attached: false, detachError: null, attachmentMetadata: null }, signal);
    const body = { metadata: { uid: attachment.metadata.uid, '$deleteFromPrimitiveList/finalizers': [finalizer] } };
    await context.client.patch(volumeAttachments, attachment.metadata, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (isNotFound(thrown)) return;
    if (!signal.aborted) await recordError(context, attachment, 'detachError', thrown, signal);
    throw thrown;
  }
}

/** What was attached; undefined when it is gone, and when another volume has its name now, of whatever type or driver. */
async function attachedSpec(
  context: AttacherContext,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<PersistentVolumeSpec | undefined> {
  const { inlineVolumeSpec, persistentVolumeName } = attachment.spec.source;
  const ours = (spec: PersistentVolumeSpec) => (spec.csi?.driver === context.driver.name ? spec : undefined);
  if (inlineVolumeSpec) return ours(inlineVolumeSpec);
  const volume = await currentVolume(context, persistentVolumeName ?? '', signal);
  if (!volume || isMadeFor(attachment, volume) === false) return undefined;
  // What is no volume of this driver was never attached, or has only the name of what was.
  return ours(translated(volume).spec);
}

async function currentVolume(
  context: AttacherContext,
  name: string,
  signal: AbortSignal,
): Promise<PersistentVolume | undefined> {
  try {
    return context.volumes.get(name) ?? (await context.client.get(persistentVolumes, { name }, { signal }));
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

async function patchStatus(
  context: AttacherContext,
  attachment: VolumeAttachment,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  const body = { metadata: { uid: attachment.metadata.uid }, status };
  await context.client.patch(
    volumeAttachments,
    attachment.metadata,
    { type: 'merge', body },
    { subresource: 'status', signal },
  );
}

/** What the attach/detach controller and the user see of a failure. */
async function recordError(
  context: AttacherContext,
  attachment: VolumeAttachment,
  field: 'attachError' | 'detachError',
  thrown: unknown,
  signal: AbortSignal,
): Promise<void> {
  const code = thrown instanceof CsiError ? { errorCode: thrown.code } : {};
  const error = { time: timestamp(context.clock), message: messageOf(thrown).slice(0, maxErrorLength), ...code };
  const attached = attachment.status?.attached ?? false;
  try {
    await patchStatus(context, attachment, { attached, [field]: error }, signal);
  } catch (failed) {
    context.logger.warn('attachment status not written', { attachment: attachment.metadata.name, error: failed });
  }
}
