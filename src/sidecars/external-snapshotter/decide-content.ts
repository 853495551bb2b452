/** What is to be done about a content. Pure. Upstream: sidecar-controller syncContent, shouldDelete, isDriverMatch. */
import {
  annSnapshotBeingCreated,
  annSnapshotBeingDeleted,
  contentBoundFinalizer,
  type VolumeSnapshotContent,
} from '../../api/index.ts';
import { annRequest } from './kept-request.ts';

/** The snapshot is part of a group, which somebody else takes and deletes. */
const annGroupSnapshotHandle = 'groupsnapshot.storage.kubernetes.io/volumeGroupSnapshotHandle';

export type ContentDecision =
  | { readonly kind: 'ignore' }
  /** The snapshot is ready, and nobody has said yet that its creation has ended. */
  | { readonly kind: 'endCreation' }
  | { readonly kind: 'create'; readonly volumeHandle: string }
  /** A snapshot that exists already is looked up. */
  | { readonly kind: 'check'; readonly snapshotHandle: string }
  | { readonly kind: 'delete'; readonly snapshotHandle: string }
  /** There is nothing to delete: the content may go. */
  | { readonly kind: 'release' };

export interface ContentInput {
  readonly content: VolumeSnapshotContent;
  readonly driver: string;
  /** The driver of the content's class; undefined while the class is not known, and without one. */
  readonly classDriver: string | undefined;
}

const ignore: ContentDecision = { kind: 'ignore' };

export function decideContent({ content, driver, classDriver }: ContentInput): ContentDecision {
  const { spec, status, metadata } = content;
  const { volumeHandle, snapshotHandle } = spec.source;
  if (spec.driver !== driver) return ignore;
  if (shouldDelete(content)) return decideDeletion(content);
  // What was begun is ours to end, whatever becomes of the class.
  if (classDriver !== undefined && classDriver !== driver && !isBeingCreated(content)) return ignore;
  if (status?.readyToUse === true) return isBeingCreated(content) ? { kind: 'endCreation' } : ignore;
  if (metadata.annotations?.[annGroupSnapshotHandle] !== undefined) return ignore;
  if (snapshotHandle !== undefined) return { kind: 'check', snapshotHandle };
  if (volumeHandle === undefined || !canBeHeld(content)) return ignore;
  return { kind: 'create', volumeHandle };
}

function decideDeletion({ metadata, spec, status }: VolumeSnapshotContent): ContentDecision {
  if (!metadata.finalizers?.includes(contentBoundFinalizer) && !status?.snapshotHandle) return ignore;
  const isOfGroup = status?.volumeGroupSnapshotHandle !== undefined;
  // The handle of a snapshot that existed before is known although nobody has looked it up. Upstream leaves that one.
  const handle = status?.snapshotHandle || spec.source.snapshotHandle;
  if (spec.deletionPolicy !== 'Delete' || isOfGroup || !handle) return { kind: 'release' };
  return { kind: 'delete', snapshotHandle: handle };
}

export function isBeingCreated({ metadata }: VolumeSnapshotContent): boolean {
  return metadata.annotations?.[annSnapshotBeingCreated] !== undefined;
}

/** Not while a CreateSnapshot may be on its way: what it makes must be known first. */
export function shouldDelete(content: VolumeSnapshotContent): boolean {
  const { metadata, spec } = content;
  if (!metadata.deletionTimestamp) return false;
  if (spec.source.snapshotHandle !== undefined && !spec.volumeSnapshotRef.uid) return true;
  return !isBeingCreated(content) && metadata.annotations?.[annSnapshotBeingDeleted] !== undefined;
}

/** A content that is being deleted takes no new finalizer: one that would vanish with its snapshot gets none taken. */
function canBeHeld(content: VolumeSnapshotContent): boolean {
  const { deletionTimestamp, finalizers } = content.metadata;
  return !deletionTimestamp || finalizers?.includes(contentBoundFinalizer) === true || isBeingCreated(content);
}

/** Our own writes must not bring a content back before its back-off has passed. Upstream: ShouldEnqueueContentChange. */
export function concernsSnapshotting(previous: VolumeSnapshotContent, current: VolumeSnapshotContent): boolean {
  return othersPart(previous) !== othersPart(current);
}

function othersPart({ metadata, spec }: VolumeSnapshotContent): string {
  const { deletionTimestamp, labels } = metadata;
  const { [annSnapshotBeingCreated]: _mark, [annRequest]: _request, ...annotations } = metadata.annotations ?? {};
  const sorted = (map: Readonly<Record<string, string>> = {}) => Object.entries(map).sort();
  return JSON.stringify([metadata.uid, deletionTimestamp, sorted(labels), sorted(annotations), spec]);
}
