/**
 * A VolumeSnapshot that is being deleted takes its snapshot along when the policy says so. What destroys is decided on
 * what the API server says now: whether a volume is being restored, whose the content is, and its policy.
 * Upstream: processSnapshotWithDeletionTimestamp.
 */
import {
  annSnapshotBeingDeleted,
  isConflict,
  isNotFound,
  keyOf,
  persistentVolumeClaims,
  snapshotAsSourceFinalizer,
  snapshotBoundFinalizer,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { isAbort } from '../../base/index.ts';
import { done, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { hasFinalizer, withoutFinalizer } from '../common/finalizers.ts';
import { byRestoredSnapshot, decisionKey, type SnapshotContext } from './context.ts';
import { contentNamesOf, isBeingRestored, isHeld, pointsBack } from './snapshot-state.ts';

/** When a claim is looked for again that the server knows and the cache does not. */
const recheckMs = 10_000;

export async function releaseSnapshot(
  context: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  if (!isHeld(snapshot)) return done;
  const content = await readOwnContent(context, snapshot, signal);
  if (!content) return await letGo(context, snapshot, [snapshotAsSourceFinalizer, snapshotBoundFinalizer], signal);
  context.metrics.start('DeleteSnapshot', snapshot, content.spec.driver);
  const restore = await findRestore(context, snapshot, signal);
  if (restore !== undefined) {
    const waits = { reason: 'SnapshotDeletePending', message: 'Snapshot is being used to restore a PVC' };
    context.announcer.announce(snapshot, { type: 'Warning', ...waits });
    context.decisions.record(decisionKey(keyOf(snapshot)), waits.reason, { kind: 'wait', ...waits });
    return restore === 'seen' ? done : requeueAfter(recheckMs);
  }
  context.decisions.record(decisionKey(keyOf(snapshot)), 'release', { kind: 'release' });
  const marked = await markBeingDeleted(context, content, signal);
  if (marked && marked.spec.deletionPolicy === 'Delete') {
    await deleteContent(context, snapshot, marked, signal);
    // Without the other finalizer this one holds the snapshot until the content is gone.
    if (!hasFinalizer(snapshot, snapshotBoundFinalizer)) return done;
    return await letGo(context, snapshot, [snapshotAsSourceFinalizer], signal);
  }
  return await letGo(context, snapshot, [snapshotAsSourceFinalizer, snapshotBoundFinalizer], signal);
}

/** As the server has it: what is not there, or not this snapshot's, is left alone. */
async function readOwnContent(
  { client }: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent | undefined> {
  for (const name of contentNamesOf(snapshot)) {
    const content = await ifFound(client.get(volumeSnapshotContents, { name }, { signal }));
    if (content && pointsBack(content, snapshot)) return content;
  }
  return undefined;
}

/** The cache can say yes, and tells of the end; only the API server can say no. */
async function findRestore(
  { client, claims }: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<'seen' | 'unseen' | undefined> {
  const known = claims.byIndex(byRestoredSnapshot, keyOf(snapshot));
  if (known.some((claim) => isBeingRestored(claim, snapshot))) return 'seen';
  const { namespace } = snapshot.metadata;
  const { items } = await client.list(persistentVolumeClaims, { namespace, signal });
  return items.some((claim) => isBeingRestored(claim, snapshot)) ? 'unseen' : undefined;
}

/** Tells the snapshotter that the content may be deleted by its policy. undefined: it is gone already. */
async function markBeingDeleted(
  { client }: SnapshotContext,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<VolumeSnapshotContent | undefined> {
  const { name, uid, annotations } = content.metadata;
  if (annotations?.[annSnapshotBeingDeleted] !== undefined) return content;
  const body = { metadata: { uid, annotations: { [annSnapshotBeingDeleted]: 'yes' } } };
  return await ifFound(client.patch(volumeSnapshotContents, { name }, { type: 'merge', body }, { signal }));
}

async function deleteContent(
  { client, recorder }: SnapshotContext,
  snapshot: VolumeSnapshot,
  { metadata }: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, resourceVersion, deletionTimestamp } = metadata;
  if (deletionTimestamp !== undefined) return;
  try {
    // The version too: the policy that was read is the one that counts.
    await client.delete(volumeSnapshotContents, { name }, { preconditions: { uid, resourceVersion }, signal });
  } catch (thrown) {
    if (isNotFound(thrown)) return;
    if (!isAbort(thrown) && !isConflict(thrown)) {
      const told = 'Failed to delete snapshot content API object';
      recorder.event(snapshot, 'Warning', 'SnapshotContentObjectDeleteError', told);
    }
    throw thrown;
  }
}

async function letGo(
  { client, announcer }: SnapshotContext,
  snapshot: VolumeSnapshot,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const held = finalizers.filter((finalizer) => hasFinalizer(snapshot, finalizer));
  if (held.length === 0) return done;
  const released = held.reduce((object, finalizer) => withoutFinalizer(object, finalizer), snapshot);
  await ifFound(client.update(volumeSnapshots, released, { signal }));
  announcer.forget(keyOf(snapshot));
  return done;
}
