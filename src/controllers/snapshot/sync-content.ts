/** One VolumeSnapshotContent: once it is bound it is held until the snapshotter has done with it. Upstream: syncContent. */
import { contentBoundFinalizer, volumeSnapshotContents } from '../../api/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import { withFinalizer } from '../common/finalizers.ts';
import type { SnapshotContext } from './context.ts';
import { lacksContentFinalizer } from './snapshot-state.ts';

export async function syncContent(
  { client, contents, announcer }: SnapshotContext,
  name: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const content = contents.get(name);
  if (!content) return done;
  const { source, volumeSnapshotRef } = content.spec;
  if ((source.volumeHandle === undefined) === (source.snapshotHandle === undefined)) {
    const message = 'Exactly one of VolumeHandle and SnapshotHandle should be specified';
    announcer.announce(content, { type: 'Warning', reason: 'ContentValidationError', message });
    return done;
  }
  if (!volumeSnapshotRef.uid || !lacksContentFinalizer(content)) return done;
  await client.update(volumeSnapshotContents, withFinalizer(content, contentBoundFinalizer), { signal });
  return done;
}
