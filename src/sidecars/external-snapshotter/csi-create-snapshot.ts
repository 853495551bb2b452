/** CreateSnapshot, DeleteSnapshot and ListSnapshots for a content, and what their answers and errors mean. */
import type { VolumeSnapshotContent } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { Code, ControllerCapability, CsiError, isFinalError, type Snapshot } from '../../csi/index.ts';
import { SnapshotError, type SnapshotRequest, type SnapshotterContext } from './context.ts';

/** A snapshot as the driver describes it. */
export interface FoundSnapshot {
  readonly snapshotHandle: string;
  readonly readyToUse: boolean;
  /** In nanoseconds of Unix time, as exact as a double is. */
  readonly creationTime: number;
  /** In bytes; 0 when unknown. */
  readonly restoreSize: number;
  readonly groupHandle: string;
}

export async function csiCreateSnapshot(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  request: SnapshotRequest,
  secrets: Record<string, string>,
  signal: AbortSignal,
): Promise<FoundSnapshot> {
  const { driver, flags, clock } = context;
  const { name, sourceVolumeId, parameters } = request;
  const { snapshot } = await driver.controller.createSnapshot(
    { name, sourceVolumeId, parameters: { ...parameters }, secrets },
    { timeoutMs: flags.timeoutMs, signal },
  );
  // Whatever was taken cannot be named yet: the same call may tell.
  if (!snapshot?.snapshotId) throw new SnapshotError('CreateSnapshot answered without a snapshot id');
  assertOwnSnapshot(context, content, snapshot.snapshotId);
  return { ...found(snapshot, clock), groupHandle: '' };
}

/** Two snapshots that were taken never share a handle: deleting the one would delete the other. */
function assertOwnSnapshot(
  { takenAs }: SnapshotterContext,
  { metadata, spec }: VolumeSnapshotContent,
  snapshotHandle: string,
): void {
  const holder = takenAs(snapshotHandle).find(
    (other) => other.metadata.name !== metadata.name && other.spec.volumeSnapshotRef.uid !== spec.volumeSnapshotRef.uid,
  );
  if (!holder) return;
  const owner = `VolumeSnapshotContent "${holder.metadata.name}"`;
  throw new SnapshotError(`driver answered with snapshot id "${snapshotHandle}", which is that of ${owner}`);
}

/**
 * Whether a failed CreateSnapshot has left nothing behind. Upstream: isCSIFinalError, which takes ALREADY_EXISTS for
 * the end even after a call whose answer was lost, and forgets the snapshot.
 */
export function isEndOfCreation(thrown: unknown, wasInDoubt: boolean): boolean {
  if (wasInDoubt && thrown instanceof CsiError && thrown.code === Code.ALREADY_EXISTS) return false;
  return isFinalError(thrown);
}

/** Deletes a snapshot at the driver; one that is gone already counts as deleted. */
export async function csiDeleteSnapshot(
  { driver, flags }: SnapshotterContext,
  snapshotId: string,
  secrets: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await driver.controller.deleteSnapshot({ snapshotId, secrets }, { timeoutMs: flags.timeoutMs, signal });
  } catch (thrown) {
    if (thrown instanceof CsiError && thrown.code === Code.NOT_FOUND) return;
    throw thrown;
  }
}

/** Looks a snapshot up. One that the driver cannot look up is taken to exist, as upstream does. */
export async function csiFindSnapshot(
  { driver, flags, clock }: SnapshotterContext,
  snapshotHandle: string,
  secrets: Record<string, string>,
  signal: AbortSignal,
): Promise<FoundSnapshot> {
  if (!driver.controllerCapabilities.has(ControllerCapability.LIST_SNAPSHOTS)) {
    return { snapshotHandle, readyToUse: true, creationTime: nowNs(clock), restoreSize: 0, groupHandle: '' };
  }
  const { entries } = await driver.controller.listSnapshots(
    { snapshotId: snapshotHandle, secrets },
    { timeoutMs: flags.timeoutMs, signal },
  );
  const candidates = entries.flatMap(({ snapshot }) => (snapshot ? [snapshot] : []));
  // A driver that does not obey the filter tells of others first; one that writes ids otherwise tells of one.
  const own = candidates.find(({ snapshotId }) => snapshotId === snapshotHandle);
  const [only, ...more] = candidates;
  const snapshot = own ?? (more.length === 0 ? only : undefined);
  if (!snapshot) throw new SnapshotError(`can not find snapshot for snapshotID ${snapshotHandle}`);
  return { ...found(snapshot, clock), snapshotHandle };
}

function found(snapshot: Snapshot, clock: Clock): FoundSnapshot {
  const { snapshotId, readyToUse, creationTime, sizeBytes, groupSnapshotId } = snapshot;
  return {
    snapshotHandle: snapshotId,
    readyToUse,
    creationTime: creationTime
      ? Number(creationTime.seconds * 1_000_000_000n + BigInt(creationTime.nanos))
      : nowNs(clock),
    restoreSize: sizeBytes > 0n ? Number(sizeBytes) : 0,
    groupHandle: groupSnapshotId,
  };
}

function nowNs(clock: Clock): number {
  return clock.now() * 1_000_000;
}
