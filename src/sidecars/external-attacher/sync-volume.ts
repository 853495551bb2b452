/** One volume: lets go of it when it is being deleted and none of our attachments needs it. */
import { isNotFound, persistentVolumes } from '../../api/index.ts';
import { done, type ReconcileResult } from '../../client/index.ts';
import { attacherFinalizer } from '../../component-helpers/index.ts';
import type { AttacherContext } from './context.ts';

export async function syncVolume(
  context: AttacherContext,
  name: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const volume = context.volumes.get(name);
  const finalizer = attacherFinalizer(context.driver.name);
  if (!volume?.metadata.deletionTimestamp || !volume.metadata.finalizers?.includes(finalizer)) return done;
  if (context.attachmentsOf(name).length > 0) return done;
  const body = { metadata: { uid: volume.metadata.uid, '$deleteFromPrimitiveList/finalizers': [finalizer] } };
  try {
    await context.client.patch(persistentVolumes, { name }, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
  return done;
}
