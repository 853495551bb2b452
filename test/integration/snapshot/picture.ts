/**
 * Snapshots, contents and claims in a line each, with all that the controller decides about them:
 * `snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]`, `own to snap Delete gold [held]`.
 */
import type { PersistentVolumeClaim, VolumeSnapshot, VolumeSnapshotContent } from '../../../src/api/index.ts';

const prefix = 'snapshot.storage.kubernetes.io/';
const shortNames: Readonly<Record<string, string>> = {
  [`${prefix}volumesnapshot-as-source-protection`]: 'source',
  [`${prefix}volumesnapshot-bound-protection`]: 'bound',
  [`${prefix}volumesnapshotcontent-bound-protection`]: 'held',
  [`${prefix}pvc-as-source-protection`]: 'protected',
};

function words(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}

function finalizersOf({ metadata }: { readonly metadata: { readonly finalizers?: readonly string[] } }): string {
  const names = (metadata.finalizers ?? []).filter((name) => name !== 'kubernetes.io/pvc-protection');
  return names.length === 0 ? '' : `[${names.map((name) => shortNames[name] ?? name).join(' ')}]`;
}

function contentName(name: string, snapshots: readonly VolumeSnapshot[]): string {
  const owner = snapshots.find(({ metadata }) => name === `snapcontent-${metadata.uid}`);
  return owner ? 'own' : name.startsWith('snapcontent-') ? 'own of a gone one' : name;
}

export function snapshotPicture(snapshot: VolumeSnapshot, snapshots: readonly VolumeSnapshot[]): string {
  const { metadata, spec, status } = snapshot;
  const bound = status?.boundVolumeSnapshotContentName;
  const readiness = status?.readyToUse === undefined ? '' : status.readyToUse ? 'ready' : 'unready';
  return words(
    metadata.name,
    spec.volumeSnapshotClassName,
    readiness,
    bound !== undefined && `of ${contentName(bound, snapshots)}`,
    status?.restoreSize,
    status?.creationTime && `at ${status.creationTime}`,
    finalizersOf(snapshot),
    metadata.deletionTimestamp !== undefined && 'terminating',
    status?.error && `because: ${status.error.message}`,
  );
}

export function contentPicture(content: VolumeSnapshotContent, snapshots: readonly VolumeSnapshot[]): string {
  const { metadata, spec } = content;
  const { name, uid } = spec.volumeSnapshotRef;
  const isThere = snapshots.some((snapshot) => snapshot.metadata.uid === uid && snapshot.metadata.name === name);
  return words(
    contentName(metadata.name, snapshots),
    uid ? (isThere ? `to ${name}` : `to gone ${name}`) : `for ${name}`,
    spec.deletionPolicy,
    spec.volumeSnapshotClassName,
    finalizersOf(content),
    metadata.annotations?.[`${prefix}volumesnapshot-being-deleted`] === 'yes' && 'let go',
    metadata.deletionTimestamp !== undefined && 'terminating',
  );
}

export function claimPicture(claim: PersistentVolumeClaim): string {
  return words(
    claim.metadata.name,
    claim.status?.phase,
    finalizersOf(claim),
    claim.metadata.deletionTimestamp !== undefined && 'terminating',
  );
}
