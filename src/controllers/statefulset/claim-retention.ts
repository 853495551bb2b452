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

/**
 * The claim as the set's retention policy wants it; undefined when it is so. A claim that an earlier set or pod of the
 * name owns is left to the garbage collector, and one that somebody else controls to them.
 */
export function withRetention(claim: PersistentVolumeClaim, owners: ClaimOwners): PersistentVolumeClaim | undefined {
  const { set, pod } = owners;
  const current = claim.metadata.ownerReferences ?? [];
  const own = current.filter(({ uid }) => uid === set.metadata.uid || uid === pod.metadata.uid);
  const others = current.filter((owner) => !names(owner, set, statefulSetType) && !names(owner, pod, podType));
  const wanted = isForeign(current, owners) ? undefined : wantedOwner(owners);
  const isSettled = wanted ? own.length === 1 && own[0]?.uid === wanted.uid && own[0].controller : own.length === 0;
  if (isSettled) return undefined;
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: wanted ? [...others, wanted] : others } };
}

/** Whether an earlier pod of the name owns the claim, so that it is about to be collected: a new pod must not use it. */
export function isLeftBehind(claim: PersistentVolumeClaim, set: StatefulSet, podName: string): boolean {
  if (policyOf(set).whenScaled !== 'Delete') return false;
  return (claim.metadata.ownerReferences ?? []).some(({ kind, name }) => kind === podType.kind && name === podName);
}

function policyOf({ spec }: StatefulSet): { readonly whenDeleted: string; readonly whenScaled: string } {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  return { whenDeleted, whenScaled };
}

function wantedOwner({ set, pod, condemned }: ClaimOwners): OwnerReference | undefined {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (condemned && whenScaled === 'Delete') return ownerReferenceTo(pod, podType);
  return whenDeleted === 'Delete' ? ownerReferenceTo(set, statefulSetType) : undefined;
}

/** Who keeps all claims does not mind whose they are. */
function isForeign(current: readonly OwnerReference[], { set, pod }: ClaimOwners): boolean {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false;
  return current.some((owner) => {
    if (names(owner, set, statefulSetType)) return owner.uid !== set.metadata.uid;
    if (names(owner, pod, podType)) return owner.uid !== pod.metadata.uid;
    return owner.controller ?? false;
  });
}

function names(owner: OwnerReference, { metadata }: StatefulSet | Pod, type: typeof podType): boolean {
  return owner.apiVersion === type.apiVersion && owner.kind === type.kind && owner.name === metadata.name;
}
