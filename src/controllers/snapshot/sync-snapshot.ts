/**
 * One VolumeSnapshot: its class, its finalizers, its content, and its status as the content has it. Nothing is made
 * before what protects it is written. Upstream: pkg/common-controller/snapshot_controller.go syncSnapshot.
 */
import {
  isConflict,
  keyOf,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { isAbort, messageOf } from '../../base/index.ts';
import { done, ifFound, type ReconcileResult } from '../../client/index.ts';
import { withFinalizer } from '../common/finalizers.ts';
import { decisionKey, type SnapshotContext, SnapshotFailure } from './context.ts';
import { createContent } from './create-content.ts';
import { findOwnContent } from './find-content.ts';
import { releaseSnapshot } from './release-snapshot.ts';
import { ensureClass } from './snapshot-class.ts';
import { isGroupMember, isReady, missingFinalizers, pointsBack } from './snapshot-state.ts';
import { markFailed, mirrorStatus } from './snapshot-status.ts';

const contentMissing = { reason: 'SnapshotContentMissing', told: 'VolumeSnapshotContent is missing' };

export async function syncSnapshot(
  context: SnapshotContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const snapshot = context.snapshots.get(key);
  if (!snapshot || isGroupMember(snapshot)) return done;
  if (snapshot.metadata.deletionTimestamp !== undefined) return await releaseSnapshot(context, snapshot, signal);
  try {
    await takeSnapshot(context, snapshot, signal);
    context.announcer.forget(key);
    context.decisions.record(decisionKey(key), 'take', { kind: 'take' });
    return done;
  } catch (thrown) {
    if (thrown instanceof SnapshotFailure) {
      const { reason, told: message } = thrown;
      context.decisions.record(decisionKey(key), `wait ${message}`, { kind: 'wait', reason, message });
      await markFailed(context, snapshot, thrown, signal);
    }
    throw thrown;
  }
}

async function takeSnapshot(context: SnapshotContext, found: VolumeSnapshot, signal: AbortSignal): Promise<void> {
  const classed = await ensureClass(context, found, signal);
  checkSource(classed);
  const snapshot = await ensureFinalizers(context, classed, signal);
  const { boundVolumeSnapshotContentName: bound, creationTime } = snapshot.status ?? {};
  const exists = snapshot.spec.source.volumeSnapshotContentName !== undefined;
  // Taken anew, it would have the data of today under the time of then.
  const isTaken = isReady(snapshot) || (!exists && creationTime !== undefined);
  if (isTaken && bound !== undefined) await checkTaken(context, snapshot, bound, signal);
  else if (exists) await bind(context, snapshot, signal);
  else await provide(context, snapshot, signal);
}

/** Our API server has refused these; those of others may not. */
function checkSource(snapshot: VolumeSnapshot): void {
  const { persistentVolumeClaimName, volumeSnapshotContentName } = snapshot.spec.source;
  if ((persistentVolumeClaimName === undefined) !== (volumeSnapshotContentName === undefined)) return;
  const told = 'Exactly one of PersistentVolumeClaimName and VolumeSnapshotContentName should be specified';
  throw new SnapshotFailure({ reason: 'SnapshotValidationError', told });
}

async function ensureFinalizers(
  context: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<VolumeSnapshot> {
  try {
    const missing = missingFinalizers(snapshot, findOwnContent(context, snapshot));
    if (missing.length === 0) return snapshot;
    const held = missing.reduce((object, finalizer) => withFinalizer(object, finalizer), snapshot);
    return await context.client.update(volumeSnapshots, held, { signal });
  } catch (thrown) {
    if (!isAbort(thrown) && !isConflict(thrown)) {
      const message = `Failed to check and update snapshot: ${messageOf(thrown)}`;
      context.announcer.announce(snapshot, { type: 'Warning', reason: 'SnapshotFinalizerError', message });
    }
    throw thrown;
  }
}

/** A snapshot that was ready stays so while its content is there and points back. */
async function checkTaken(
  context: SnapshotContext,
  snapshot: VolumeSnapshot,
  bound: string,
  signal: AbortSignal,
): Promise<void> {
  const content = await readContent(context, bound, signal);
  if (!content) throw new SnapshotFailure(contentMissing);
  if (!pointsBack(content, snapshot)) {
    const told = 'VolumeSnapshotContent is not bound to the VolumeSnapshot correctly';
    throw new SnapshotFailure({ reason: 'SnapshotMisbound', told });
  }
  // What it says is news to one that is not ready, and to one with an error that has passed.
  const hasNews = !isReady(snapshot) || (snapshot.status?.error && content.status?.readyToUse);
  if (hasNews) await mirrorStatus(context, snapshot, content, signal);
}

/** Of the cache, or, where that has none, of the server. */
async function readContent(
  { contents, client }: SnapshotContext,
  name: string,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent | undefined> {
  return contents.get(name) ?? (await ifFound(client.get(volumeSnapshotContents, { name }, { signal })));
}

/** A snapshot that exists: its content learns whose it is, unless it is somebody else's. */
async function bind(context: SnapshotContext, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
  const content = findOwnContent(context, snapshot);
  context.metrics.startCreation(snapshot, content?.spec.driver);
  if (!content) {
    const name = snapshot.spec.source.volumeSnapshotContentName;
    const message = `snapshot ${keyOf(snapshot)} requests an non-existing content ${name}`;
    throw new SnapshotFailure(contentMissing, message);
  }
  await mirrorStatus(context, snapshot, await bindContent(context, snapshot, content, signal), signal);
}

async function bindContent(
  { client }: SnapshotContext,
  snapshot: VolumeSnapshot,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent> {
  const { uid } = snapshot.metadata;
  const className = snapshot.spec.volumeSnapshotClassName ?? content.spec.volumeSnapshotClassName;
  const hasClass = content.spec.volumeSnapshotClassName !== undefined || className === undefined;
  if (content.spec.volumeSnapshotRef.uid === uid && hasClass) return content;
  // A content that is bound to a snapshot which is gone can never be bound again.
  const live = await ifFound(client.get(volumeSnapshots, snapshot.metadata, { signal }));
  if (live?.metadata.uid !== uid || live.metadata.deletionTimestamp !== undefined) return content;
  const volumeSnapshotRef = { ...content.spec.volumeSnapshotRef, uid };
  const spec = { ...content.spec, volumeSnapshotRef, ...(className ? { volumeSnapshotClassName: className } : {}) };
  try {
    return await client.update(volumeSnapshotContents, { ...content, spec }, { signal });
  } catch (cause) {
    if (isAbort(cause) || isConflict(cause)) throw cause;
    const told = `Snapshot failed to bind VolumeSnapshotContent, ${messageOf(cause)}`;
    throw new SnapshotFailure({ reason: 'SnapshotBindFailed', told }, told, { cause });
  }
}

/** A snapshot of a claim: its content is made, and from then on says how far the driver is. */
async function provide(context: SnapshotContext, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
  const driver = context.classes.get(snapshot.spec.volumeSnapshotClassName ?? '')?.driver;
  context.metrics.startCreation(snapshot, driver);
  const content = findOwnContent(context, snapshot) ?? (await createContent(context, snapshot, signal));
  if (content?.spec.source.snapshotHandle !== undefined) {
    const told = `Snapshot handle should not be set in content ${keyOf(snapshot)} for dynamic provisioning`;
    throw new SnapshotFailure({ reason: 'SnapshotHandleSet', told });
  }
  if (content) await mirrorStatus(context, snapshot, content, signal);
}
