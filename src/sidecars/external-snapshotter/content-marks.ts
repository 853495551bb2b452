/** What the snapshotter writes to a content: that a snapshot is being taken, what became of it, and what went wrong. */
import {
  ApiStatusError,
  annSnapshotBeingCreated,
  contentBoundFinalizer,
  isConflict,
  isNotFound,
  type VolumeSnapshotContent,
  type VolumeSnapshotContentStatus,
  volumeSnapshotContents,
} from '../../api/index.ts';
import { goQuote, timestamp } from '../../base/index.ts';
import { SnapshotError, type SnapshotRequest, type SnapshotterContext } from './context.ts';
import type { FoundSnapshot } from './csi-create-snapshot.ts';
import { isBeingCreated } from './decide-content.ts';
import { annRequest, textOf } from './kept-request.ts';

/**
 * Intent before the call: from here on the content stays until it is known what became of the snapshot. The finalizer
 * is the snapshot controller's, which may not have come round to it yet.
 */
export async function markBeingCreated(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  request: SnapshotRequest,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent> {
  const { name, uid, resourceVersion, deletionTimestamp, annotations, finalizers = [] } = content.metadata;
  const isHeld = finalizers.includes(contentBoundFinalizer) || deletionTimestamp !== undefined;
  const text = textOf(request);
  if (isHeld && isBeingCreated(content) && annotations?.[annRequest] === text) return content;
  const body = {
    // Of the state that was decided on: a content that is deleted meanwhile is looked at anew.
    metadata: {
      uid,
      resourceVersion,
      annotations: { [annSnapshotBeingCreated]: 'yes', [annRequest]: text },
      ...(isHeld ? {} : { finalizers: [...finalizers, contentBoundFinalizer] }),
    },
  };
  return await patch(context, content, body, signal, (reason) => {
    return `failed to add VolumeSnapshotBeingCreated annotation on the content ${name}: ${goQuote(reason)}`;
  });
}

/**
 * What became of the snapshot is known, and written down if there is one. One that is not ready is asked for again, by
 * the same request.
 */
export async function unmarkBeingCreated(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent> {
  if (!isBeingCreated(content)) return content;
  const { metadata, status } = content;
  const { name, uid } = metadata;
  const isAwaited = status?.snapshotHandle !== undefined && status.readyToUse !== true;
  const request = isAwaited ? {} : { [annRequest]: null };
  const body = { metadata: { uid, annotations: { [annSnapshotBeingCreated]: null, ...request } } };
  return await patch(context, content, body, signal, (reason) => {
    return `failed to remove VolumeSnapshotBeingCreated annotation on the content ${name}: ${goQuote(reason)}`;
  });
}

export async function removeFinalizer(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion, finalizers = [] } = content.metadata;
  if (!finalizers.includes(contentBoundFinalizer)) return;
  const others = finalizers.filter((finalizer) => finalizer !== contentBoundFinalizer);
  const body = { metadata: { uid, resourceVersion, finalizers: others } };
  await patch(context, content, body, signal, (reason) => reason);
}

/** Writes what the driver said of the snapshot. Returns the content as it is then. */
export async function showSnapshot(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  snapshot: FoundSnapshot,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent> {
  const status = statusAfter(content.status, snapshot);
  if (Object.keys(status).length === 0) return content;
  const { name, uid } = content.metadata;
  return await patch(
    context,
    content,
    { metadata: { uid }, status },
    signal,
    (reason) => `error updating status for volume snapshot content ${name}: ${reason}`,
    'status',
  );
}

/** What changes in the status. What was known before stays. Upstream: updateSnapshotContentStatus. */
export function statusAfter(status: VolumeSnapshotContentStatus = {}, snapshot: FoundSnapshot) {
  const { snapshotHandle, readyToUse, creationTime, restoreSize, groupHandle } = snapshot;
  return {
    ...(status.snapshotHandle === undefined ? { snapshotHandle } : {}),
    ...(status.readyToUse === readyToUse ? {} : { readyToUse }),
    ...(readyToUse && status.error !== undefined ? { error: null } : {}),
    ...(status.creationTime === undefined ? { creationTime } : {}),
    ...(status.restoreSize === undefined && restoreSize > 0 ? { restoreSize } : {}),
    ...(status.volumeGroupSnapshotHandle === undefined && groupHandle !== ''
      ? { volumeGroupSnapshotHandle: groupHandle }
      : {}),
  };
}

/** The snapshot is deleted. Returns the content as it is then. Upstream: clearVolumeContentStatus. */
export async function clearStatus(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent> {
  const status = { snapshotHandle: null, readyToUse: null, creationTime: null, restoreSize: null };
  const body = { metadata: { uid: content.metadata.uid }, status };
  return await patch(context, content, body, signal, (reason) => reason, 'status');
}

/** Tells a failure once, in the status and as an event. */
export async function tellFailure(
  { client, clock, logger, recorder }: SnapshotterContext,
  content: VolumeSnapshotContent,
  { reason, message }: { readonly reason: string; readonly message: string },
  signal: AbortSignal,
): Promise<void> {
  if (content.status?.error?.message === message) return;
  const { name, uid } = content.metadata;
  const status = { error: { time: timestamp(clock), message }, readyToUse: false };
  const body = { metadata: { uid }, status };
  recorder.event(content, 'Warning', reason, message);
  try {
    await client.patch(volumeSnapshotContents, { name }, { type: 'merge', body }, { subresource: 'status', signal });
  } catch (error) {
    logger.warn('content status not written', { content: name, error });
  }
}

/** CustomResourceDefinitions know no strategic merge: lists are written whole, on the state that they were read in. */
async function patch(
  { client }: SnapshotterContext,
  { metadata: { name } }: VolumeSnapshotContent,
  body: object,
  signal: AbortSignal,
  describe: (reason: string) => string,
  subresource?: string,
): Promise<VolumeSnapshotContent> {
  try {
    const options = subresource === undefined ? { signal } : { subresource, signal };
    return await client.patch(volumeSnapshotContents, { name }, { type: 'merge', body }, options);
  } catch (thrown) {
    // A race that was lost is no failure to tell of.
    if (!(thrown instanceof ApiStatusError) || isConflict(thrown) || isNotFound(thrown)) throw thrown;
    const reason = `snapshot controller failed to update ${name} on API server: ${thrown.message}`;
    throw new SnapshotError(describe(reason), { cause: thrown });
  }
}
