/** Questions about snapshots and their contents. Pure. */
import {
  claimAsSourceFinalizer,
  contentBoundFinalizer,
  keyOf,
  type PersistentVolumeClaim,
  quantityOfBytes,
  quantityValue,
  snapshotAsSourceFinalizer,
  snapshotBoundFinalizer,
  snapshotInGroupFinalizer,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  type VolumeSnapshotStatus,
} from '../../api/index.ts';
import { hasFinalizer } from '../common/finalizers.ts';

const nanosecondsPerMs = 1e6;

export function isReady({ status }: VolumeSnapshot): boolean {
  return status?.readyToUse === true;
}

/** The content that is made for a snapshot of a claim. */
export function dynamicContentName({ metadata }: VolumeSnapshot): string {
  return `snapcontent-${metadata.uid}`;
}

/** Every content that a snapshot names or would make. */
export function contentNamesOf(snapshot: VolumeSnapshot): readonly string[] {
  const { spec, status } = snapshot;
  const own = spec.source.volumeSnapshotContentName ?? dynamicContentName(snapshot);
  const bound = status?.boundVolumeSnapshotContentName ?? own;
  return [...new Set([bound, own])].filter((name) => name !== '');
}

/** Whether the snapshot is part of a group: its content is made and taken away with that of the others. */
export function isGroupMember(snapshot: VolumeSnapshot): boolean {
  const { ownerReferences = [] } = snapshot.metadata;
  return (
    snapshot.status?.volumeGroupSnapshotName !== undefined ||
    hasFinalizer(snapshot, snapshotInGroupFinalizer) ||
    ownerReferences.some(({ kind }) => kind === 'VolumeGroupSnapshot')
  );
}

/** Whether the content belongs to this snapshot and no other that has had its name. */
export function pointsBack({ spec }: VolumeSnapshotContent, { metadata }: VolumeSnapshot): boolean {
  const { name, namespace, uid } = spec.volumeSnapshotRef;
  return name === metadata.name && namespace === metadata.namespace && uid === metadata.uid;
}

/** `namespace/name` of the claim that a snapshot is taken of. */
export function sourceClaimKey({ metadata, spec }: VolumeSnapshot): string | undefined {
  const name = spec.source.persistentVolumeClaimName;
  return name ? `${metadata.namespace}/${name}` : undefined;
}

/** Whether a finalizer of the snapshot controller still holds the snapshot. */
export function isHeld(snapshot: VolumeSnapshot): boolean {
  return hasFinalizer(snapshot, snapshotAsSourceFinalizer) || hasFinalizer(snapshot, snapshotBoundFinalizer);
}

/** Whether the snapshot is being taken of its claim. */
export function needsClaim(snapshot: VolumeSnapshot): boolean {
  if (isReady(snapshot)) return false;
  const isLetGo =
    snapshot.metadata.deletionTimestamp !== undefined && !hasFinalizer(snapshot, snapshotAsSourceFinalizer);
  return !isLetGo;
}

/** `namespace/name` of the snapshots that a claim is to be restored from, whether it has been or not. */
export function restoredSnapshotsOf({ metadata, spec }: PersistentVolumeClaim): readonly string[] {
  const { dataSource, dataSourceRef } = spec;
  const keys = [dataSource, dataSourceRef].flatMap((source) => {
    if (source?.kind !== 'VolumeSnapshot' || source.apiGroup !== 'snapshot.storage.k8s.io') return [];
    const namespace = ('namespace' in source && source.namespace) || metadata.namespace;
    return [`${namespace}/${source.name}`];
  });
  return [...new Set(keys)];
}

/** Whether a volume is being restored from the snapshot for the claim. */
export function isBeingRestored(claim: PersistentVolumeClaim, snapshot: VolumeSnapshot): boolean {
  return claim.status?.phase === 'Pending' && restoredSnapshotsOf(claim).includes(keyOf(snapshot));
}

export function isProtectedClaim(claim: PersistentVolumeClaim): boolean {
  return hasFinalizer(claim, claimAsSourceFinalizer);
}

export function lacksContentFinalizer(content: VolumeSnapshotContent): boolean {
  return content.metadata.deletionTimestamp === undefined && !hasFinalizer(content, contentBoundFinalizer);
}

/** Which finalizers a snapshot lacks. `content` is its own, as far as it is known. */
export function missingFinalizers(
  snapshot: VolumeSnapshot,
  content: VolumeSnapshotContent | undefined,
): readonly string[] {
  const needsBound =
    content?.spec.deletionPolicy === 'Delete' && snapshot.status?.boundVolumeSnapshotContentName !== undefined;
  const wanted = needsBound ? [snapshotAsSourceFinalizer, snapshotBoundFinalizer] : [snapshotAsSourceFinalizer];
  return wanted.filter((finalizer) => !hasFinalizer(snapshot, finalizer));
}

/** RFC 3339, whole seconds. */
function timeOf(nanoseconds: number): string {
  return new Date(Math.floor(nanoseconds / nanosecondsPerMs)).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The status of a snapshot by what its content says; undefined when it says that already. Creation time and content
 * stay as they were first told. Upstream: updateSnapshotStatus.
 */
export function nextStatus(
  { status: previous = {} }: VolumeSnapshot,
  { metadata, status }: VolumeSnapshotContent,
): VolumeSnapshotStatus | undefined {
  const { error: _, ...kept } = previous;
  const creationTime =
    previous.creationTime ?? (status?.creationTime === undefined ? undefined : timeOf(status.creationTime));
  const restoreSize = nextSize(previous.restoreSize, status?.restoreSize);
  const next: VolumeSnapshotStatus = {
    ...kept,
    boundVolumeSnapshotContentName: previous.boundVolumeSnapshotContentName ?? metadata.name,
    ...(creationTime === undefined ? {} : { creationTime }),
    readyToUse: status?.readyToUse ?? false,
    ...(restoreSize === undefined ? {} : { restoreSize }),
    ...(status?.error ? { error: status.error } : {}),
  };
  return isSameStatus(previous, next) ? undefined : next;
}

function nextSize(known: string | undefined, told: number | undefined): string | undefined {
  const isKnown = known !== undefined && quantityValue(known) !== 0n;
  if (isKnown || told === undefined) return known;
  return told === 0 && known !== undefined ? known : quantityOfBytes(BigInt(told));
}

function isSameStatus(left: VolumeSnapshotStatus, right: VolumeSnapshotStatus): boolean {
  return (
    left.boundVolumeSnapshotContentName === right.boundVolumeSnapshotContentName &&
    left.creationTime === right.creationTime &&
    left.readyToUse === right.readyToUse &&
    left.restoreSize === right.restoreSize &&
    left.error?.message === right.error?.message &&
    left.error?.time === right.error?.time
  );
}
