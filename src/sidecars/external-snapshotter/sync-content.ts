/**
 * One VolumeSnapshotContent: has its snapshot taken, found or deleted. The annotation is written before CreateSnapshot
 * is called and stays until the answer is final, so that a snapshot that may have been taken is never forgotten.
 * Everything is decided on the content as the server has it, since there is something to do rarely.
 */
import { isConflict, isNotFound, type VolumeSnapshotContent, volumeSnapshotContents } from '../../api/index.ts';
import { goQuote, messageOf, unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import {
  clearStatus,
  markBeingCreated,
  removeFinalizer,
  showSnapshot,
  tellFailure,
  unmarkBeingCreated,
} from './content-marks.ts';
import { SnapshotError, type SnapshotterContext } from './context.ts';
import {
  csiCreateSnapshot,
  csiDeleteSnapshot,
  csiFindSnapshot,
  type FoundSnapshot,
  isEndOfCreation,
} from './csi-create-snapshot.ts';
import { type ContentDecision, decideContent, isBeingCreated, shouldDelete } from './decide-content.ts';
import { inputError, prepareRequest } from './snapshot-request.ts';
import { listSecrets, snapshotSecrets } from './snapshot-secrets.ts';

/** Somebody wrote between the look and the mark, most often the snapshot controller its finalizer. */
const lostRaceMs = 10;

export async function syncContent(
  context: SnapshotterContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  try {
    return await syncOnce(context, key, signal);
  } catch (thrown) {
    if (isConflict(thrown)) return requeueAfter(lostRaceMs);
    // The content is gone: what else there is not has another error.
    if (isNotFound(thrown)) return done;
    throw thrown;
  }
}

async function syncOnce(context: SnapshotterContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const cached = context.contents.get(key);
  if (!cached || decide(context, cached).kind === 'ignore') return done;
  const content = await context.client.get(volumeSnapshotContents, { name: cached.metadata.name }, { signal });
  const decision = decide(context, content);
  switch (decision.kind) {
    case 'ignore':
      return done;
    case 'endCreation':
      return next(context, await unmarkBeingCreated(context, content, signal));
    case 'create':
      return await telling(context, content, signal, () => create(context, content, decision.volumeHandle, signal));
    case 'check':
      return await telling(context, content, signal, () => check(context, content, decision.snapshotHandle, signal));
    case 'delete':
      await deleteSnapshot(context, content, decision.snapshotHandle, signal);
      return done;
    case 'release':
      await removeFinalizer(context, content, signal);
      return done;
    default:
      return unreachable(decision);
  }
}

function decide({ driver, classes }: SnapshotterContext, content: VolumeSnapshotContent): ContentDecision {
  const classDriver = classes.get(content.spec.volumeSnapshotClassName ?? '')?.driver;
  return decideContent({ content, driver: driver.name, classDriver });
}

/** When to look again at a content whose snapshot exists. */
function next({ polls }: SnapshotterContext, content: VolumeSnapshotContent): ReconcileResult {
  const { name } = content.metadata;
  if (shouldDelete(content)) return requeueAfter(0);
  if (content.status?.readyToUse !== true) return requeueAfter(polls.next(name));
  polls.forget(name);
  return done;
}

/** Upstream names the failure after whether anything was written to the status before. */
async function telling<T>(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (thrown) {
    if (signal.aborted || isConflict(thrown) || isNotFound(thrown)) throw thrown;
    const isFirst = content.status === undefined && content.spec.source.volumeHandle !== undefined;
    const failure = isFirst
      ? { reason: 'SnapshotCreationFailed', message: `Failed to create snapshot: ${messageOf(thrown)}` }
      : {
          reason: 'SnapshotContentCheckandUpdateFailed',
          message: `Failed to check and update snapshot content: ${messageOf(thrown)}`,
        };
    await tellFailure(context, content, failure, signal);
    throw thrown;
  }
}

async function create(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  volumeHandle: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const request = await prepareRequest(context, content, volumeHandle, signal);
  const secrets = await snapshotSecrets(context, content, signal).catch((thrown: unknown) => {
    throw inputError(content.metadata.name, thrown);
  });
  const marked = await markBeingCreated(context, content, request, signal);
  let snapshot: FoundSnapshot;
  try {
    snapshot = await csiCreateSnapshot(context, content, request, secrets, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    if (isEndOfCreation(thrown, isBeingCreated(content))) await unmarkBeingCreated(context, marked, signal);
    const reason = goQuote(messageOf(thrown));
    throw new SnapshotError(`failed to take snapshot of the volume ${volumeHandle}: ${reason}`, { cause: thrown });
  }
  const shown = await showSnapshot(context, marked, snapshot, signal).catch(async (thrown: unknown) => {
    if (isNotFound(thrown)) await deleteUnowned(context, content, snapshot.snapshotHandle, secrets, signal);
    throw thrown;
  });
  return next(context, await unmarkBeingCreated(context, shown, signal));
}

/** Somebody let the content go while the snapshot was being taken: nobody else will ever delete it. */
async function deleteUnowned(
  context: SnapshotterContext,
  { metadata, spec }: VolumeSnapshotContent,
  snapshotHandle: string,
  secrets: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  if (spec.deletionPolicy !== 'Delete') return;
  try {
    await csiDeleteSnapshot(context, snapshotHandle, secrets, signal);
  } catch (error) {
    context.logger.error('snapshot is left without a content', { content: metadata.name, snapshotHandle, error });
  }
}

async function check(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  snapshotHandle: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const secrets = await listSecrets(context, content, signal);
  let snapshot: FoundSnapshot;
  try {
    snapshot = await csiFindSnapshot(context, snapshotHandle, secrets, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const reason = goQuote(messageOf(thrown));
    const message = `failed to list snapshot for content ${content.metadata.name}: ${reason}`;
    throw new SnapshotError(message, { cause: thrown });
  }
  return next(context, await showSnapshot(context, content, snapshot, signal));
}

async function deleteSnapshot(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  snapshotHandle: string,
  signal: AbortSignal,
): Promise<void> {
  const step = async <T>(told: string, action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (thrown) {
      // Nobody is told of a content that is gone.
      if (!signal.aborted && !isNotFound(thrown))
        context.recorder.event(content, 'Warning', 'SnapshotDeleteError', told);
      throw thrown;
    }
  };
  const secrets = await step('Failed to get snapshot credentials', snapshotSecrets(context, content, signal));
  const deletion = csiDeleteSnapshot(context, snapshotHandle, secrets, signal);
  await step('Failed to delete snapshot', deletion);
  const cleared = await step('Failed to clear content status', clearStatus(context, content, signal));
  await removeFinalizer(context, cleared, signal);
}
