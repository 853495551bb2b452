/**
 * What to do with a volume. Pure. Nothing is released, deleted or unbound on the word of a cache: `confirmClaim` asks
 * for the claim as the API server has it, and the decision is taken again on that.
 * Upstream: pv_controller.go syncVolume, reclaimVolume.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import {
  annBoundByController,
  annDynamicallyProvisioned,
  annMigratedTo,
  checkVolumeModeMismatches,
} from '../../component-helpers/index.ts';
import { type ObjectEvent, unknownReclaimPolicy } from './messages.ts';
import { isDeletedExternally } from './provisioners.ts';

export interface ClaimOfVolume {
  /** The claim with the name in the claimRef, whatever its uid. */
  readonly claim: PersistentVolumeClaim | undefined;
  /** Whether the API server was asked just now; else it comes from a cache. */
  readonly confirmed: boolean;
}

export type VolumeDecision =
  | { readonly kind: 'setPhase'; readonly phase: 'Available' | 'Bound' | 'Released' }
  /** Belongs to nobody: a claim that waits may have it. */
  | { readonly kind: 'offer' }
  /** Reserved for a claim that does not name the volume yet: the claim's own sync completes the binding. */
  | { readonly kind: 'wakeClaim'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'modeMismatch'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'confirmClaim' }
  | { readonly kind: 'unbind'; readonly volume: PersistentVolume }
  | { readonly kind: 'reclaim' }
  | { readonly kind: 'settled' };

export function decideVolume(volume: PersistentVolume, { claim, confirmed }: ClaimOfVolume): VolumeDecision {
  const { claimRef } = volume.spec;
  const phase = volume.status?.phase;
  if (!claimRef) return phase === 'Available' ? { kind: 'offer' } : { kind: 'setPhase', phase: 'Available' };
  if (!claimRef.uid) return phase === 'Available' ? { kind: 'settled' } : { kind: 'setPhase', phase: 'Available' };
  if (!claim || claim.metadata.uid !== claimRef.uid) return decideUnclaimed(volume, confirmed);
  if (!claim.spec.volumeName) {
    const mismatch = checkVolumeModeMismatches(claim.spec, volume.spec);
    return { kind: mismatch ? 'modeMismatch' : 'wakeClaim', claim };
  }
  if (claim.spec.volumeName === volume.metadata.name) {
    return phase === 'Bound' ? { kind: 'settled' } : { kind: 'setPhase', phase: 'Bound' };
  }
  if (!confirmed) return { kind: 'confirmClaim' };
  const provisioned = volume.metadata.annotations?.[annDynamicallyProvisioned] !== undefined;
  if (provisioned && volume.spec.persistentVolumeReclaimPolicy === 'Delete') return decideUnclaimed(volume, confirmed);
  return { kind: 'unbind', volume: unboundVolume(volume) };
}

/** The claim is gone, or has another volume in its place. */
function decideUnclaimed(volume: PersistentVolume, confirmed: boolean): VolumeDecision {
  const phase = volume.status?.phase;
  // A failed reclaim stays visible while it is tried again.
  if (phase === 'Released' || phase === 'Failed') return { kind: 'reclaim' };
  return confirmed ? { kind: 'setPhase', phase: 'Released' } : { kind: 'confirmClaim' };
}

/** What this controller bound becomes free; what a user reserved stays reserved by name. Upstream: unbindVolume. */
export function unboundVolume(volume: PersistentVolume): PersistentVolume {
  const { claimRef, ...spec } = volume.spec;
  const { [annBoundByController]: byController, ...annotations } = volume.metadata.annotations ?? {};
  if (byController !== undefined) return { ...volume, metadata: { ...volume.metadata, annotations }, spec };
  const { uid: _uid, resourceVersion: _version, ...reservation } = claimRef ?? {};
  return { ...volume, spec: { ...spec, claimRef: reservation } };
}

export type ReclaimDecision =
  /** Retained, or deleted by whoever provisioned it. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'recycle' }
  | { readonly kind: 'fail'; readonly event: ObjectEvent };

export function decideReclaim(volume: PersistentVolume): ReclaimDecision {
  if (volume.metadata.annotations?.[annMigratedTo]) return { kind: 'leave' };
  switch (volume.spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return { kind: 'leave' };
    case 'Delete':
      return { kind: isDeletedExternally(volume) ? 'leave' : 'delete' };
    case 'Recycle':
      return { kind: 'recycle' };
    default:
      return { kind: 'fail', event: unknownReclaimPolicy };
  }
}
