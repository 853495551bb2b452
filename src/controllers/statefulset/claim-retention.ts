/**
 * Who owns the claims of a pod, and so what they are deleted with: the set, the pod while it is scaled away, or nobody.
 * Pure. Upstream: statefulset/stateful_set_utils.go updateClaimOwnerRefForSetAndPod.
 */
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../api/index.ts';
import { ownerReferenceTo, podType, statefulSetType } from './pod-of-set.ts';

export interface ClaimOwners {
  readonly set: StatefulSet;
  readonly pod: Pod;
  /** Whether the pod's ordinal lies beyond the replicas. */
  readonly condemned: boolean;
}

/** The claim as the set's retention policy wants it; undefined when it is so. */
export function withRetention(claim: PersistentVolumeClaim, owners: ClaimOwners): PersistentVolumeClaim | undefined {
  const { set, pod } = owners;
  const current = claim.metadata.ownerReferences ?? [];
  // Somebody else controls the claim: it is theirs to delete.
  if (current.some((owner) => owner.controller && owner.uid !== set.metadata.uid && owner.kind !== 'Pod'))
    return undefined;
  const wanted = wantedOwner(owners);
  // An earlier pod of the same name, or the set: whatever policy put there and no longer wants.
  const others = current.filter((owner) => !isOwner(owner, set, statefulSetType) && !isPodOfName(owner, pod));
  const kept = wanted && current.find((owner) => owner.uid === wanted.uid);
  if (kept ? others.length === current.length - 1 : !wanted && others.length === current.length) return undefined;
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: wanted ? [...others, wanted] : others } };
}

function wantedOwner({ set, pod, condemned }: ClaimOwners): OwnerReference | undefined {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  if (condemned && whenScaled === 'Delete') return ownerReferenceTo(pod, podType);
  return whenDeleted === 'Delete' ? ownerReferenceTo(set, statefulSetType) : undefined;
}

function isOwner(owner: OwnerReference, object: StatefulSet, type: typeof statefulSetType): boolean {
  return owner.kind === type.kind && owner.uid === object.metadata.uid;
}

function isPodOfName(owner: OwnerReference, pod: Pod): boolean {
  return owner.kind === podType.kind && owner.name === pod.metadata.name;
}
