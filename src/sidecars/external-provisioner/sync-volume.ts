/** One volume that this driver provisioned: keeps its finalizer in line with the reclaim policy and deletes it when it is released. */
import { isNotFound, keyOf, type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import { messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import {
  annDeletionSecretName,
  annDeletionSecretNamespace,
  externalProvisionerFinalizer,
} from '../../component-helpers/index.ts';
import type { ProvisionerContext } from './context.ts';
import { csiDeleteVolume } from './csi-create-volume.ts';
import { decideVolume } from './decide.ts';

/** The index of VolumeAttachments by the volume they attach. */
export const attachmentsByVolume = 'external-provisioner/volume';

export async function syncVolume(
  context: ProvisionerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const volume = context.volumes.get(key);
  if (!volume) return done;
  const attachments = context.attachments.byIndex(attachmentsByVolume, key);
  const decision = decideVolume(volume, context.driver.name, attachments);
  switch (decision.kind) {
    case 'ignore':
      return done;
    case 'addFinalizer':
      await patchFinalizer(context, volume, { finalizers: [externalProvisionerFinalizer] }, signal);
      return done;
    case 'removeFinalizer':
      await removeFinalizer(context, volume, signal);
      return done;
    case 'attached': {
      const message = `persistentvolume ${key} is still attached to node ${decision.nodeName}`;
      context.recorder.event(volume, 'Warning', 'VolumeFailedDelete', message);
      // The attachment's removal brings us back; there is nothing to retry before.
      return done;
    }
    case 'delete':
      await deleteVolume(context, volume, signal);
      return done;
    default:
      return unreachable(decision);
  }
}

async function deleteVolume(context: ProvisionerContext, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
  const { client, recorder } = context;
  const current = await readReleased(context, volume, signal);
  if (!current?.spec.csi) return;
  const notes = current.metadata.annotations ?? {};
  const name = notes[annDeletionSecretName] ?? '';
  const namespace = notes[annDeletionSecretNamespace] ?? '';
  try {
    await csiDeleteVolume(context, current.spec.csi.volumeHandle, name ? { name, namespace } : undefined, signal);
  } catch (thrown) {
    if (!signal.aborted) recorder.event(volume, 'Warning', 'VolumeFailedDelete', messageOf(thrown));
    throw thrown;
  }
  const preconditions = { uid: current.metadata.uid };
  try {
    if (!current.metadata.deletionTimestamp)
      await client.delete(persistentVolumes, current.metadata, { preconditions, signal });
    await removeFinalizer(context, current, signal);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

/** Deletion is never decided on a cache alone: reads the volume and its attachments from the server once more. */
async function readReleased(
  context: ProvisionerContext,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<PersistentVolume | undefined> {
  try {
    const current = await context.client.get(persistentVolumes, volume.metadata, { signal });
    if (current.metadata.uid !== volume.metadata.uid) return undefined;
    const attachments = context.attachments.byIndex(attachmentsByVolume, keyOf(volume));
    return decideVolume(current, context.driver.name, attachments).kind === 'delete' ? current : undefined;
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

function removeFinalizer(context: ProvisionerContext, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
  return patchFinalizer(
    context,
    volume,
    { '$deleteFromPrimitiveList/finalizers': [externalProvisionerFinalizer] },
    signal,
  );
}

async function patchFinalizer(
  context: ProvisionerContext,
  volume: PersistentVolume,
  change: object,
  signal: AbortSignal,
): Promise<void> {
  const body = { metadata: { uid: volume.metadata.uid, ...change } };
  try {
    await context.client.patch(persistentVolumes, volume.metadata, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}
