/** The claims of a pod, those made from its ephemeral volumes included. */
import { keyOf, type ObjectMeta, type PersistentVolumeClaim, type Pod } from '../api/index.ts';

/** The name of the claim that is made for a generic ephemeral volume. */
export function ephemeralClaimName(pod: Pod, volumeName: string): string {
  return `${pod.metadata.name}-${volumeName}`;
}

type OwnedMeta = Pick<ObjectMeta, 'ownerReferences'>;

/** Whether the object is controlled by the owner with this uid. */
export function isControlledBy(object: { readonly metadata: OwnedMeta }, ownerUid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === ownerUid);
}

/** Whether the claim was made for this pod's ephemeral volume, and is not a stranger with the same name. */
export function podIsOwner(pod: Pod, claim: PersistentVolumeClaim): boolean {
  return claim.metadata.namespace === pod.metadata.namespace && isControlledBy(claim, pod.metadata.uid);
}

/** What is said when a claim has the name of an ephemeral volume's claim but another owner. */
export function notOwnerMessage(pod: Pod, claim: PersistentVolumeClaim): string {
  return `PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`;
}

export interface PodClaim {
  readonly volumeName: string;
  readonly claimName: string;
  readonly readOnly: boolean;
  /** The claim is made from the pod's template and must be owned by the pod. */
  readonly ephemeral: boolean;
}

/** The claims that a pod's volumes name, in the order of the volumes. */
export function podClaims(pod: Pod): readonly PodClaim[] {
  const claims: PodClaim[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const source = volume.persistentVolumeClaim;
    if (source) {
      const { claimName, readOnly = false } = source;
      claims.push({ volumeName: volume.name, claimName, readOnly, ephemeral: false });
    } else if (volume.ephemeral) {
      const claimName = ephemeralClaimName(pod, volume.name);
      claims.push({ volumeName: volume.name, claimName, readOnly: false, ephemeral: true });
    }
  }
  return claims;
}

/** Whether the pod uses the claim with this name in its namespace. */
export function podUsesClaim(pod: Pod, claimName: string): boolean {
  return podClaims(pod).some((claim) => claim.claimName === claimName);
}
