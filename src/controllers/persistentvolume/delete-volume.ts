/** Deletes a released volume through the plugin of this process that can: first the storage, then the object. */

import { type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { annDynamicallyProvisioned, inTreeVolumeFinalizer } from '../../component-helpers/index.ts';
import { VolumeInUseError } from '../../volume-plugins/index.ts';
import { hasFinalizer, withoutFinalizer } from '../common/finalizers.ts';
import { type BinderContext, failVolume, writeVolume } from './binder-context.ts';
import { deleteFailed, deletionWaits, usedByPods } from './messages.ts';
import { readReclaimable } from './read-reclaimable.ts';

export async function deleteVolume(context: BinderContext, name: string, signal: AbortSignal): Promise<void> {
  const found = await readReclaimable(context, name, 'Delete', signal);
  if (!found) return;
  const { volume, usedBy } = found;
  try {
    const deletable = getDeletable(context, volume);
    if (usedBy.length > 0) throw new VolumeInUseError(usedByPods(usedBy));
    await deletable.delete(volume);
  } catch (thrown) {
    const message = messageOf(thrown);
    context.metrics.operationFailed(name);
    // The storage needs more time: nothing has failed.
    if (thrown instanceof VolumeInUseError) context.announcer.announce(volume, deletionWaits(message), 'delete');
    else await failVolume(context, volume, deleteFailed(message), signal);
    throw thrown;
  }
  await removeObject(context, volume, signal);
}

function getDeletable({ provisioners }: BinderContext, volume: PersistentVolume) {
  const provisioner = volume.metadata.annotations?.[annDynamicallyProvisioned];
  if (provisioner) return provisioners.plugins.getDeletable(volume, provisioner);
  try {
    return provisioners.plugins.getDeletable(volume, undefined);
  } catch (thrown) {
    const { name } = volume.metadata;
    throw new Error(`error getting deleter volume plugin for volume "${name}": ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** The finalizer goes last: taken off before the deletion has begun, the next sync would put it on again. */
async function removeObject(context: BinderContext, volume: PersistentVolume, signal: AbortSignal): Promise<void> {
  const { name, uid } = volume.metadata;
  await ifFound(context.client.delete(persistentVolumes, { name }, { preconditions: { uid }, signal }));
  const left = await ifFound(context.client.get(persistentVolumes, { name }, { signal }));
  if (left?.metadata.uid !== uid || !hasFinalizer(left, inTreeVolumeFinalizer)) return;
  await ifFound(writeVolume(context, withoutFinalizer(left, inTreeVolumeFinalizer), signal));
}
