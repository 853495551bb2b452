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
  // What watches show may be late, above all at the start: an attachment that is not seen is attached all the same.
  if (context.attachmentsOf(name).length > 0 || (await isAttached(context, name, signal))) return done;
  const body = { metadata: { uid: volume.metadata.uid, '$deleteFromPrimitiveList/finalizers': [finalizer] } };
  try {
    await context.client.patch(persistentVolumes, { name }, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
  return done;
}

async function isAttached({ liveAttachments, driver }: AttacherContext, name: string, signal: AbortSignal) {
  const attachments = await liveAttachments.of(name, signal);
  return attachments.some(({ spec }) => spec.attacher === driver.name);
}
