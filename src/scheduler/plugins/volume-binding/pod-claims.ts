/** Sorts the claims of a pod by what the scheduler must do about them. Pure. */
import type { PersistentVolumeClaim, Pod, StorageClass } from '../../../api/index.ts';
import {
  claimRequestBytes,
  getClaimClass,
  isClaimFullyBound,
  isDelayBinding,
  podClaims as namedClaims,
  notOwnerMessage,
  type PodClaim,
  podIsOwner,
} from '../../../component-helpers/index.ts';

export interface PodClaims {
  /** Fully bound: their volumes decide which nodes will do. */
  readonly bound: readonly PersistentVolumeClaim[];
  /** To be bound or provisioned by the PV controller before the pod can be placed. */
  readonly immediate: readonly PersistentVolumeClaim[];
  /**
   * To be bound or provisioned for the node that is chosen; the smallest request first, so that a small claim does not
   * take the volume that only a large one needs.
   */
  readonly delayed: readonly PersistentVolumeClaim[];
}

/** Lookups of the claim caches. */
export interface ClaimSource {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  class(name: string): StorageClass | undefined;
}

/** A claim that keeps the pod from being placed at all; the text is upstream's. */
export interface ClaimProblem {
  readonly problem: string;
}

/** Each claim comes once, however many of the pod's volumes name it. Upstream: podHasPVCs, GetPodVolumeClaims. */
export function podClaims(pod: Pod, source: ClaimSource): PodClaims | ClaimProblem {
  const bound: PersistentVolumeClaim[] = [];
  const immediate: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  const seen = new Set<string>();
  for (const named of namedClaims(pod)) {
    const { claimName: name } = named;
    const claim = source.claim(pod.metadata.namespace, name);
    const problem = problemOf(pod, named, claim);
    if (problem !== undefined) return { problem };
    if (!claim || seen.has(name)) continue;
    seen.add(name);
    if (isClaimFullyBound(claim)) bound.push(claim);
    else if (!claim.spec.volumeName && isDelayBinding(source.class(getClaimClass(claim)))) delayed.push(claim);
    else immediate.push(claim);
  }
  return { bound, immediate, delayed: delayed.sort((a, b) => Number(claimRequestBytes(a) - claimRequestBytes(b))) };
}

function problemOf(
  pod: Pod,
  { claimName: name, ephemeral }: PodClaim,
  claim: PersistentVolumeClaim | undefined,
): string | undefined {
  if (!claim && ephemeral) {
    return `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
  }
  if (!claim) return `persistentvolumeclaim "${name}" not found`;
  if (claim.status?.phase === 'Lost') {
    const volumeName = claim.spec.volumeName ?? '';
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volumeName}"`;
  }
  if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
  if (ephemeral && !podIsOwner(pod, claim)) return notOwnerMessage(pod, claim);
  return undefined;
}
