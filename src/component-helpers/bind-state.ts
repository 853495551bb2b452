/** How claims and volumes point at each other. Upstream: component-helpers storage/volume/pv_helpers.go. */
import {
  annBindCompleted,
  annBoundByController,
  type ObjectReference,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../api/index.ts';

/** Whether the volume is reserved for this claim: by name, and by uid where the reference has one. */
export function isVolumeBoundToClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const claimRef = volume.spec.claimRef;
  if (!claimRef) return false;
  if (claimRef.name !== claim.metadata.name || claimRef.namespace !== claim.metadata.namespace) return false;
  return !claimRef.uid || claimRef.uid === claim.metadata.uid;
}

/** Whether the claim went through its first complete binding. */
export function isClaimBindCompleted(claim: PersistentVolumeClaim): boolean {
  return claim.metadata.annotations?.[annBindCompleted] !== undefined;
}

/** Whether the claim is completely bound: it names a volume and its binding was completed. */
export function isClaimFullyBound(claim: PersistentVolumeClaim): boolean {
  return Boolean(claim.spec.volumeName) && isClaimBindCompleted(claim);
}

/** A reference to a claim, as `spec.claimRef` holds it. */
export function claimReference(claim: PersistentVolumeClaim): ObjectReference {
  return {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    namespace: claim.metadata.namespace,
    name: claim.metadata.name,
    uid: claim.metadata.uid,
    resourceVersion: claim.metadata.resourceVersion,
  };
}

export interface BoundVolume {
  /** The volume bound to the claim; the one passed in when it was so already. */
  readonly volume: PersistentVolume;
  readonly changed: boolean;
}

/** The volume as it must be written to be bound to the claim. A binding that a user made is not marked as the controller's. */
export function getBindVolumeToClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): BoundVolume {
  const boundByUser = isVolumeBoundToClaim(volume, claim);
  const claimRef = volume.spec.claimRef;
  const complete = boundByUser && claimRef?.uid === claim.metadata.uid;
  const annotated = boundByUser || volume.metadata.annotations?.[annBoundByController] !== undefined;
  if (complete && annotated) return { volume, changed: false };
  return {
    changed: true,
    volume: {
      ...volume,
      metadata: annotated
        ? volume.metadata
        : { ...volume.metadata, annotations: { ...volume.metadata.annotations, [annBoundByController]: 'yes' } },
      spec: complete ? volume.spec : { ...volume.spec, claimRef: claimReference(claim) },
    },
  };
}
