/** The content of a snapshot, from both sides: one that somebody made for it, or the one that is made for it. */
import { keyOf, type VolumeSnapshot, type VolumeSnapshotContent } from '../../api/index.ts';
import { type SnapshotContext, SnapshotFailure } from './context.ts';
import { dynamicContentName } from './snapshot-state.ts';

/** undefined: there is none yet. Throws a SnapshotFailure when what has its name is of another sort, or somebody else's. */
export function findOwnContent(
  { contents }: SnapshotContext,
  snapshot: VolumeSnapshot,
): VolumeSnapshotContent | undefined {
  const named = snapshot.spec.source.volumeSnapshotContentName;
  const content = contents.get(named ?? dynamicContentName(snapshot));
  if (content) checkOwn(snapshot, content, named !== undefined);
  return content;
}

/** Throws a SnapshotFailure. */
export function checkOwn(snapshot: VolumeSnapshot, content: VolumeSnapshotContent, isExpectedToExist: boolean): void {
  const { name } = content.metadata;
  const { source, volumeSnapshotRef } = content.spec;
  const key = keyOf(snapshot);
  if (isExpectedToExist && source.snapshotHandle === undefined) {
    throw new SnapshotFailure(
      {
        reason: 'SnapshotContentMismatch',
        told: 'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one',
      },
      `snapshot ${key} expects a pre-provisioned VolumeSnapshotContent ${name} but gets a dynamically provisioned one`,
    );
  }
  if (!isExpectedToExist && source.volumeHandle === undefined) {
    throw new SnapshotFailure(
      {
        reason: 'SnapshotContentMismatch',
        told: `VolumeSnapshotContent ${name} is pre-provisioned while expecting a dynamically provisioned one`,
      },
      `snapshot ${key} expects a dynamically provisioned VolumeSnapshotContent ${name} but gets a pre-provisioned one`,
    );
  }
  // Whoever made a content by hand does not know the uid; a content that was made here has it from the beginning.
  const isOwnUid = volumeSnapshotRef.uid === snapshot.metadata.uid || (isExpectedToExist && !volumeSnapshotRef.uid);
  const { namespace } = snapshot.metadata;
  if (volumeSnapshotRef.name === snapshot.metadata.name && volumeSnapshotRef.namespace === namespace && isOwnUid)
    return;
  const told = `VolumeSnapshotContent [${name}] is bound to a different snapshot`;
  throw new SnapshotFailure({ reason: 'SnapshotContentMisbound', told });
}
