/** Makes the content of a snapshot: from then on the snapshotter of the driver takes the snapshot. */

import {
  annSnapshotDeletionSecretName,
  annSnapshotDeletionSecretNamespace,
  apiVersionOf,
  contentBoundFinalizer,
  type Draft,
  isAlreadyExists,
  isConflict,
  keyOf,
  labelSnapshotManagedBy,
  type PersistentVolume,
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { goQuote, isAbort, messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { snapshotSecretOf, volumeMatchesNode } from '../../component-helpers/index.ts';
import { type SnapshotContext, SnapshotFailure, SnapshotSourceError } from './context.ts';
import { checkOwn } from './find-content.ts';
import { classNotFound } from './snapshot-class.ts';
import { dynamicContentName } from './snapshot-state.ts';
import { protectClaim, sourceVolume, updateFailed } from './source-volume.ts';

/** The claim is protected first. undefined: the snapshot is on its way out. Throws a SnapshotFailure. */
export async function createContent(
  context: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent | undefined> {
  try {
    // A content whose snapshot is gone would be nobody's, and its snapshot would never be deleted.
    const live = await ifFound(context.client.get(volumeSnapshots, snapshot.metadata, { signal }));
    if (live?.metadata.uid !== snapshot.metadata.uid || live.metadata.deletionTimestamp !== undefined) return undefined;
    await protectClaim(context, snapshot, signal);
    const draft = contentDraft(context, snapshot, await readInput(context, snapshot, signal));
    return await write(context, snapshot, draft, signal);
  } catch (cause) {
    if (isAbort(cause) || isConflict(cause) || cause instanceof SnapshotFailure) throw cause;
    const told = `Failed to create snapshot content with error ${messageOf(cause)}`;
    throw new SnapshotFailure({ reason: 'SnapshotContentCreationFailed', told }, messageOf(cause), { cause });
  }
}

interface Input {
  readonly snapshotClass: VolumeSnapshotClass;
  readonly volume: PersistentVolume;
}

async function readInput(context: SnapshotContext, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<Input> {
  const className = snapshot.spec.volumeSnapshotClassName ?? '';
  try {
    const snapshotClass = context.classes.get(className);
    if (!snapshotClass) throw new SnapshotSourceError(classNotFound(className));
    return { snapshotClass, volume: await sourceVolume(context, snapshot, signal) };
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw new SnapshotSourceError(inputFailed(snapshot, messageOf(cause)), { cause });
  }
}

function inputFailed({ metadata }: VolumeSnapshot, message: string): string {
  return `failed to get input parameters to create snapshot ${metadata.name}: ${goQuote(message)}`;
}

function contentDraft(
  context: SnapshotContext,
  snapshot: VolumeSnapshot,
  { snapshotClass, volume }: Input,
): Draft<VolumeSnapshotContent> {
  const name = dynamicContentName(snapshot);
  const annotations = secretAnnotations(snapshot, snapshotClass, name);
  const { csi, volumeMode } = volume.spec;
  if (!csi) throw new SnapshotSourceError(`cannot find CSI PersistentVolumeSource for volume ${volume.metadata.name}`);
  const { driver } = snapshotClass;
  // Another driver would take its own volume of that handle, if it had one.
  if (csi.driver !== driver)
    throw new SnapshotSourceError(
      `class ${snapshotClass.metadata.name} is for driver ${driver}, and the volume of ${csi.driver}`,
    );
  const node = context.nodes?.list().find((found) => volume.spec.nodeAffinity && volumeMatchesNode(volume, found));
  return {
    metadata: {
      name,
      // Upstream puts it on with a second write, which meets the first one of the snapshotter.
      finalizers: [contentBoundFinalizer],
      ...(node ? { labels: { [labelSnapshotManagedBy]: node.metadata.name } } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec: {
      volumeSnapshotRef: referenceTo(snapshot),
      source: { volumeHandle: csi.volumeHandle },
      volumeSnapshotClassName: snapshotClass.metadata.name,
      deletionPolicy: snapshotClass.deletionPolicy,
      driver,
      ...(context.preventVolumeModeConversion && volumeMode !== undefined ? { sourceVolumeMode: volumeMode } : {}),
    },
  };
}

/** The content outlives its class: what deletes the snapshot stands with it. */
function secretAnnotations(snapshot: VolumeSnapshot, { parameters }: VolumeSnapshotClass, contentName: string) {
  try {
    const secret = snapshotSecretOf('snapshotter', parameters, { contentName, snapshot: snapshot.metadata });
    return secret?.name && secret.namespace
      ? { [annSnapshotDeletionSecretName]: secret.name, [annSnapshotDeletionSecretNamespace]: secret.namespace }
      : undefined;
  } catch (cause) {
    throw new SnapshotSourceError(inputFailed(snapshot, messageOf(cause)), { cause });
  }
}

function referenceTo({ metadata }: VolumeSnapshot) {
  const { namespace, name, uid, resourceVersion } = metadata;
  const { kind } = volumeSnapshots;
  return { kind, apiVersion: apiVersionOf(volumeSnapshots), namespace, name, uid, resourceVersion };
}

async function write(
  { client, recorder }: SnapshotContext,
  snapshot: VolumeSnapshot,
  draft: Draft<VolumeSnapshotContent>,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent> {
  const key = keyOf(snapshot);
  try {
    const created = await client.create(volumeSnapshotContents, draft, { signal });
    recorder.event(
      snapshot,
      'Normal',
      'CreatingSnapshot',
      `Waiting for a snapshot ${key} to be created by the CSI driver.`,
    );
    return created;
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    if (isAlreadyExists(cause)) {
      const known = await client.get(volumeSnapshotContents, { name: dynamicContentName(snapshot) }, { signal });
      checkOwn(snapshot, known, false);
      return known;
    }
    const told = `Error creating volume snapshot content object for snapshot ${key}: ${messageOf(cause)}.`;
    recorder.event(snapshot, 'Warning', 'CreateSnapshotContentFailed', told);
    throw new SnapshotSourceError(updateFailed(key, messageOf(cause)), { cause });
  }
}
