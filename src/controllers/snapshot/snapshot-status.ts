/** Writes what users read of a snapshot: its status, and the events that tell of its changes. */

import {
  isConflict,
  isNotFound,
  keyOf,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshots,
} from '../../api/index.ts';
import { isAbort, messageOf, timestamp } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import { type SnapshotContext, SnapshotFailure } from './context.ts';
import { isReady, nextStatus } from './snapshot-state.ts';

/** Makes the snapshot say what its content says. Throws a SnapshotFailure. */
export async function mirrorStatus(
  { client, recorder, metrics }: SnapshotContext,
  snapshot: VolumeSnapshot,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<void> {
  const status = nextStatus(snapshot, content);
  if (!status) return;
  const { uid } = snapshot.metadata;
  const key = keyOf(snapshot);
  let written: VolumeSnapshot;
  try {
    written = await client.updateStatus(volumeSnapshots, { ...snapshot, status }, { signal });
  } catch (cause) {
    if (isAbort(cause) || isConflict(cause) || isNotFound(cause)) throw cause;
    const told = `Snapshot status update failed, snapshot controller failed to update ${key} on API server: ${messageOf(cause)}`;
    throw new SnapshotFailure({ reason: 'SnapshotStatusUpdateFailed', told, notReady: false }, told, { cause });
  }
  if (snapshot.status?.creationTime === undefined && status.creationTime !== undefined) {
    metrics.succeeded('CreateSnapshot', uid);
    const told = `Snapshot ${key} was successfully created by the CSI driver.`;
    recorder.event(written, 'Normal', 'SnapshotCreated', told);
  }
  if (!isReady(snapshot) && isReady(written)) {
    metrics.succeeded('CreateSnapshotAndReady', uid);
    recorder.event(written, 'Normal', 'SnapshotReady', `Snapshot ${key} is ready to use.`);
  }
}

/** Shows the failure in the status, and tells of it by an event when it is another than before. */
export async function markFailed(
  { client, recorder, clock }: SnapshotContext,
  { metadata }: VolumeSnapshot,
  failure: SnapshotFailure,
  signal: AbortSignal,
): Promise<void> {
  const current = await ifFound(client.get(volumeSnapshots, metadata, { signal }));
  if (current?.metadata.uid !== metadata.uid || current.status?.error?.message === failure.told) return;
  const status = {
    ...current.status,
    error: { time: timestamp(clock), message: failure.told },
    ...(failure.notReady ? { readyToUse: false } : {}),
  };
  // Also when the status cannot be written: then the event is all that the user sees.
  recorder.event(current, 'Warning', failure.reason, failure.told);
  await client.updateStatus(volumeSnapshots, { ...current, status }, { signal });
}
