/** One volume that this driver provisioned: keeps its finalizer in line with the reclaim policy and deletes it when it is released. */
import {
  isNotFound,
  type PersistentVolume,
  persistentVolumeClaims,
  persistentVolumes,
  type VolumeAttachment,
} from '../../api/index.ts';
import { assert, messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import {
  annDeletionSecretName,
  annDeletionSecretNamespace,
  asCsiVolume,
  externalProvisionerFinalizer,
  findCsiSource,
} from '../../component-helpers/index.ts';
import type { ProvisionerContext } from './context.ts';
import { csiDeleteVolume } from './csi-create-volume.ts';
import { claimsBySource, sourceKey } from './data-source.ts';
import { decideVolume, isBeingProvisioned, isIntended, type VolumeUsers } from './decide.ts';
import { isMadeHere } from './node-deployment.ts';

/** The index of nodes by the unique names of the volumes that they have in use. */
export const nodesByVolumeInUse = 'external-provisioner/volume-in-use';

/** The index of VolumeAttachments by the volume they attach. */
export const attachmentsByVolume = 'external-provisioner/volume';

/** An attachment that no cache has shown may also go unseen. */
const unseenAttachmentMs = 10_000;

/** The clone's end is no event of the volume. */
const stillClonedMs = 10_000;

/** Its phase may have been written before this process looks again. */
const wronglyReleasedMs = 10_000;

export async function syncVolume(
  context: ProvisionerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const volume = context.volumes.get(key);
  if (!volume) return done;
  const { nodeDeployment } = context.flags;
  if (nodeDeployment && !isMadeHere(nodeDeployment, volume)) return done;
  const attachments = context.attachments.byIndex(attachmentsByVolume, key);
  const decision = decideVolume(volume, context.driver.name, usersOf(context, volume, attachments));
  switch (decision.kind) {
    case 'ignore':
      return done;
    case 'addFinalizer':
      await patchFinalizer(context, volume, { finalizers: [externalProvisionerFinalizer] }, signal);
      return done;
    case 'removeFinalizer':
      await removeFinalizer(context, volume, signal);
      return done;
    case 'attached':
      tellAttached(context, volume, decision.nodeName);
      // The attachment's removal brings us back; there is nothing to retry before.
      return done;
    case 'inUse':
      // The node's next report brings us back.
      context.logger.debug('released volume is still mounted', { volume: key, node: decision.nodeName });
      return done;
    case 'beingCloned':
      return tellCloned(context, volume);
    case 'delete':
      return await deleteVolume(context, volume, signal);
    default:
      return unreachable(decision);
  }
}

function tellAttached({ recorder }: ProvisionerContext, volume: PersistentVolume, nodeName: string): void {
  const message = `persistentvolume ${volume.metadata.name} is still attached to node ${nodeName}`;
  recorder.event(volume, 'Warning', 'VolumeFailedDelete', message);
}

/** The name that nodes list the volume under in status.volumesInUse. */
export function uniqueNameOf(volume: PersistentVolume): string | undefined {
  const source = findCsiSource(volume);
  return source && `kubernetes.io/csi/${source.driver}^${source.volumeHandle}`;
}

function usersOf(
  context: ProvisionerContext,
  volume: PersistentVolume,
  attachments: readonly VolumeAttachment[],
): VolumeUsers {
  const name = uniqueNameOf(volume);
  const users = name === undefined ? [] : context.nodes.byIndex(nodesByVolumeInUse, name);
  return { attachments, nodes: users, isBeingCloned: isBeingCloned(context, volume) };
}

/**
 * Whether a claim that is filled from the volume may be getting its own: one that this process works on, or one that a
 * process before it left, which carries its intent since before we listed the claims.
 */
function isBeingCloned({ attempts, claims }: ProvisionerContext, volume: PersistentVolume): boolean {
  const { claimRef } = volume.spec;
  const { volumeHandle } = findCsiSource(volume) ?? {};
  if (volumeHandle !== undefined && attempts.isCloning(volumeHandle)) return true;
  if (!claimRef?.name) return false;
  const key = sourceKey('PersistentVolumeClaim', `${claimRef.namespace}/${claimRef.name}`);
  return claims.byIndex(claimsBySource, key).some((claim) => isIntended(claim) && isBeingProvisioned(claim));
}

function tellCloned({ recorder }: ProvisionerContext, volume: PersistentVolume): ReconcileResult {
  const message = `persistentvolume ${volume.metadata.name} is still being cloned`;
  recorder.event(volume, 'Warning', 'VolumeFailedDelete', message);
  return requeueAfter(stillClonedMs);
}

/** Deletion is never decided on a cache alone: the volume and its attachments are read from the server once more. */
async function deleteVolume(
  context: ProvisionerContext,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const current = await readCurrent(context, volume, signal);
  if (!current) return done;
  // The volume was called released by mistake: whoever owns its phase puts that right.
  if (await isClaimed(context, current, signal)) return requeueAfter(wronglyReleasedMs);
  const attachments = await context.liveAttachments.of(current.metadata.name, signal);
  const decision = decideVolume(current, context.driver.name, usersOf(context, current, attachments));
  if (decision.kind === 'beingCloned') return tellCloned(context, current);
  if (decision.kind === 'attached') {
    tellAttached(context, current, decision.nodeName);
    return requeueAfter(unseenAttachmentMs);
  }
  if (decision.kind === 'delete') await deleteReleased(context, current, signal);
  return done;
}

/** Whether the claim that the volume names lives, and is not bound to another volume. */
async function isClaimed(
  { client }: ProvisionerContext,
  { metadata, spec: { claimRef } }: PersistentVolume,
  signal: AbortSignal,
): Promise<boolean> {
  if (!claimRef?.uid || !claimRef.name) return false;
  try {
    const key = { namespace: claimRef.namespace, name: claimRef.name };
    const claim = await client.get(persistentVolumeClaims, key, { signal });
    const { volumeName = metadata.name } = claim.spec;
    return claim.metadata.uid === claimRef.uid && volumeName === metadata.name;
  } catch (thrown) {
    if (isNotFound(thrown)) return false;
    throw thrown;
  }
}

async function deleteReleased(
  context: ProvisionerContext,
  current: PersistentVolume,
  signal: AbortSignal,
): Promise<void> {
  const { client, recorder } = context;
  const notes = current.metadata.annotations ?? {};
  const name = notes[annDeletionSecretName] ?? '';
  const namespace = notes[annDeletionSecretNamespace] ?? '';
  try {
    await csiDeleteVolume(context, volumeHandleOf(current), name ? { name, namespace } : undefined, signal);
  } catch (thrown) {
    if (!signal.aborted) recorder.event(current, 'Warning', 'VolumeFailedDelete', messageOf(thrown));
    throw thrown;
  }
  context.capacity.volumeChanged(current.spec.nodeAffinity, current.spec.storageClassName ?? '');
  const preconditions = { uid: current.metadata.uid };
  try {
    if (!current.metadata.deletionTimestamp)
      await client.delete(persistentVolumes, current.metadata, { preconditions, signal });
    await removeFinalizer(context, current, signal);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

function volumeHandleOf(volume: PersistentVolume): string {
  const { csi } = asCsiVolume(volume).spec;
  assert(csi !== undefined, 'a volume that is to be deleted is the driver’s');
  return csi.volumeHandle;
}

async function readCurrent(
  context: ProvisionerContext,
  volume: PersistentVolume,
  signal: AbortSignal,
): Promise<PersistentVolume | undefined> {
  try {
    const current = await context.client.get(persistentVolumes, volume.metadata, { signal });
    return current.metadata.uid === volume.metadata.uid ? current : undefined;
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
