/** Sorts the claims of a pod by what the scheduler must do about them. Pure. */
import type { PersistentVolumeClaim, Pod, StorageClass } from '../../../api/index.ts';
import {
  getClaimClass,
  isClaimFullyBound,
  isDelayBinding,
  podClaims as namedClaims,
  notOwnerMessage,
  podIsOwner,
} from '../../../component-helpers/index.ts';

export interface PodClaims {
  /** Fully bound: their volumes decide which nodes will do. */
  readonly bound: readonly PersistentVolumeClaim[];
  /** To be bound or provisioned by the PV controller before the pod can be placed. */
  readonly immediate: readonly PersistentVolumeClaim[];
  /** To be bound or provisioned for the node that is chosen. */
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

function problem(text: string): ClaimProblem {
  return { problem: text };
}

export function podClaims(pod: Pod, source: ClaimSource): PodClaims | ClaimProblem {
  const bound: PersistentVolumeClaim[] = [];
  const immediate: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  for (const { claimName: name, ephemeral } of namedClaims(pod)) {
    const claim = source.claim(pod.metadata.namespace, name);
    if (!claim && ephemeral) {
      return problem(`waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`);
    }
    if (!claim) return problem(`persistentvolumeclaim "${name}" not found`);
    if (claim.metadata.deletionTimestamp) return problem(`persistentvolumeclaim "${name}" is being deleted`);
    if (claim.status?.phase === 'Lost') {
      const volumeName = claim.spec.volumeName ?? '';
      return problem(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volumeName}"`);
    }
    if (ephemeral && !podIsOwner(pod, claim)) return problem(notOwnerMessage(pod, claim));
    if (isClaimFullyBound(claim)) bound.push(claim);
    else if (!claim.spec.volumeName && isDelayBinding(source.class(getClaimClass(claim)))) delayed.push(claim);
    else immediate.push(claim);
  }
  return { bound, immediate, delayed };
}
