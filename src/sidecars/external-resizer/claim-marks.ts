/** Writes to a claim how far the growth of its volume has come. */
import { type PersistentVolumeClaim, persistentVolumeClaims } from '../../api/index.ts';
import {
  annNodeExpansionNotRequired,
  withBegunResize,
  withFinishedResize,
  withPendingResize,
  withResizeCondition,
} from '../../component-helpers/index.ts';
import type { ResizerContext } from './context.ts';

/** Intent before the call: whoever comes after a crash carries on with the size that may have been reached. */
export async function markBegun(
  context: ResizerContext,
  claim: PersistentVolumeClaim,
  { size, isBegun }: { readonly size: string; readonly isBegun: boolean },
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const { client, clock } = context;
  const current = await removeNodeAnnotation(context, claim, signal);
  if (isBegun && hasResizeCondition(current)) return current;
  const marked = isBegun
    ? withResizeCondition(current, { type: 'Resizing' }, clock, { alone: false })
    : withBegunResize(current, size, clock);
  return await client.updateStatus(persistentVolumeClaims, marked, { signal });
}

function hasResizeCondition({ status }: PersistentVolumeClaim): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Resizing' && condition.status === 'True') ?? false;
}

export async function markPending(
  context: ResizerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, recorder } = context;
  const told = withPendingResize(claim, clock, { alone: false });
  await client.updateStatus(persistentVolumeClaims, told, { signal });
  recorder.event(claim, 'Normal', 'FileSystemResizeRequired', 'Require file system resize of volume on node');
}

export async function markFinished(
  context: ResizerContext,
  claim: PersistentVolumeClaim,
  size: string,
  signal: AbortSignal,
): Promise<void> {
  const current = await addNodeAnnotation(context, claim, signal);
  await context.client.updateStatus(persistentVolumeClaims, withFinishedResize(current, size), { signal });
  context.recorder.event(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
}

/** Several nodes may have the volume mounted: they are told that they have nothing to do. */
async function addNodeAnnotation(
  { client }: ResizerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const isShared = claim.spec.accessModes?.includes('ReadWriteMany') ?? false;
  if (!isShared || claim.metadata.annotations?.[annNodeExpansionNotRequired] === 'true') return claim;
  const annotations = { ...claim.metadata.annotations, [annNodeExpansionNotRequired]: 'true' };
  return await client.update(
    persistentVolumeClaims,
    { ...claim, metadata: { ...claim.metadata, annotations } },
    { signal },
  );
}

async function removeNodeAnnotation(
  { client }: ResizerContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const { [annNodeExpansionNotRequired]: present, ...annotations } = claim.metadata.annotations ?? {};
  if (present === undefined) return claim;
  return await client.update(
    persistentVolumeClaims,
    { ...claim, metadata: { ...claim.metadata, annotations } },
    { signal },
  );
}
