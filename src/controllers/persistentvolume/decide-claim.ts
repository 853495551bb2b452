/**
 * What to do with a claim. Pure: it asks the world and answers what is to be done.
 * Upstream: pv_controller.go syncUnboundClaim, syncBoundClaim.
 */
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import {
  annSelectedNode,
  checkAccessModes,
  checkVolumeAttributesClass,
  checkVolumeModeMismatches,
  claimHasNoClass,
  claimRequestBytes,
  getClaimClass,
  getVolumeClass,
  isClaimBindCompleted,
  isDelayBinding,
  isVolumeBoundToClaim,
  volumeCapacityBytes,
} from '../../component-helpers/index.ts';
import {
  boundToAnotherClaim,
  cannotBindToRequested,
  classNotFound,
  lostReference,
  lostVolume,
  misbound,
  noVolumeAndNoClass,
  type ObjectEvent,
  provisioningFailed,
  waitingForConsumer,
  waitingForProvisioner,
} from './messages.ts';
import type { ProvisionerChoice } from './provisioners.ts';
import type { Match } from './volume-cache.ts';

/** What a decision on a claim may look at. */
export interface ClaimWorld {
  volume(name: string): PersistentVolume | undefined;
  findBestMatch(claim: PersistentVolumeClaim, delayBinding: boolean): Match;
  storageClass(name: string): StorageClass | undefined;
  provisionerOf(storageClass: StorageClass): ProvisionerChoice;
  defaultClass(): StorageClass | undefined;
  /** Names of the pods that use the claim and have no node yet. */
  unscheduledPods(claim: PersistentVolumeClaim): readonly string[];
}

export type ClaimDecision =
  /** Take the binding to its end, from wherever it stands. */
  | { readonly kind: 'bind'; readonly volume: PersistentVolume; readonly chosen: boolean }
  | { readonly kind: 'assignClass'; readonly className: string }
  /** A volume that appears in the meantime is taken all the same, unless the claim's pod must have a node first. */
  | {
      readonly kind: 'provision';
      readonly provisioner: string;
      readonly event: ObjectEvent;
      readonly forAnyVolume: boolean;
    }
  /** As above, by a plugin of this process. */
  | { readonly kind: 'provisionInTree'; readonly storageClass: StorageClass; readonly forAnyVolume: boolean }
  /** Stays Pending until something changes: told by the event, if there is anything to tell. */
  | { readonly kind: 'wait'; readonly event: ObjectEvent | undefined; readonly forAnyVolume: boolean }
  /** Was bound and its volume is gone or belongs to another claim. */
  | { readonly kind: 'lose'; readonly event: ObjectEvent };

export function decideClaim(claim: PersistentVolumeClaim, world: ClaimWorld): ClaimDecision {
  if (isClaimBindCompleted(claim)) return decideBoundClaim(claim, world);
  const { volumeName } = claim.spec;
  return volumeName ? decideNamedVolume(claim, volumeName, world) : decideUnboundClaim(claim, world);
}

function decideBoundClaim(claim: PersistentVolumeClaim, world: ClaimWorld): ClaimDecision {
  const { volumeName } = claim.spec;
  if (!volumeName) return { kind: 'lose', event: lostReference };
  const volume = world.volume(volumeName);
  if (!volume) return { kind: 'lose', event: lostVolume };
  const { claimRef } = volume.spec;
  if (claimRef && claimRef.uid !== claim.metadata.uid && !isVolumeBoundToClaim(volume, claim)) {
    return { kind: 'lose', event: misbound };
  }
  return { kind: 'bind', volume, chosen: false };
}

function decideNamedVolume(claim: PersistentVolumeClaim, volumeName: string, world: ClaimWorld): ClaimDecision {
  const volume = world.volume(volumeName);
  if (!volume) return { kind: 'wait', event: undefined, forAnyVolume: false };
  if (isVolumeBoundToClaim(volume, claim)) return { kind: 'bind', volume, chosen: false };
  if (volume.spec.claimRef) return { kind: 'wait', event: boundToAnotherClaim(volumeName), forAnyVolume: false };
  const refusal = whyVolumeDoesNotSatisfy(volume, claim);
  if (refusal) return { kind: 'wait', event: cannotBindToRequested(volumeName, refusal), forAnyVolume: false };
  return { kind: 'bind', volume, chosen: true };
}

function decideUnboundClaim(claim: PersistentVolumeClaim, world: ClaimWorld): ClaimDecision {
  const className = getClaimClass(claim);
  const storageClass = className === '' ? undefined : world.storageClass(className);
  const delayBinding = isDelayBinding(storageClass);
  const match = world.findBestMatch(claim, delayBinding);
  if (match.kind === 'reserved') return { kind: 'bind', volume: match.volume, chosen: false };
  // A claim that is being deleted is given nothing new.
  if (claim.metadata.deletionTimestamp) return { kind: 'wait', event: undefined, forAnyVolume: false };
  if (match.kind === 'available') return { kind: 'bind', volume: match.volume, chosen: true };
  if (match.kind === 'arriving') return { kind: 'wait', event: undefined, forAnyVolume: true };
  if (claimHasNoClass(claim)) {
    const defaultClass = world.defaultClass();
    if (defaultClass) return { kind: 'assignClass', className: defaultClass.metadata.name };
  }
  if (delayBinding && claim.metadata.annotations?.[annSelectedNode] === undefined) {
    return { kind: 'wait', event: waitingForConsumer(world.unscheduledPods(claim)), forAnyVolume: false };
  }
  if (className === '') return { kind: 'wait', event: noVolumeAndNoClass, forAnyVolume: true };
  return decideProvisioning(className, storageClass, world);
}

function decideProvisioning(
  className: string,
  storageClass: StorageClass | undefined,
  world: ClaimWorld,
): ClaimDecision {
  if (!storageClass) return { kind: 'wait', event: classNotFound(className), forAnyVolume: true };
  const forAnyVolume = !isDelayBinding(storageClass);
  const choice = world.provisionerOf(storageClass);
  switch (choice.kind) {
    case 'external': {
      const { provisioner } = choice;
      return { kind: 'provision', provisioner, event: waitingForProvisioner(provisioner), forAnyVolume };
    }
    case 'builtIn':
      return { kind: 'provisionInTree', storageClass, forAnyVolume };
    case 'unknown':
      return { kind: 'wait', event: provisioningFailed(choice.message), forAnyVolume };
    case 'disabled':
      return { kind: 'wait', event: undefined, forAnyVolume };
    default:
      return unreachable(choice, 'provisioner');
  }
}

/** Why a volume that the claim names cannot be given to it. Its selector is not asked. Upstream: checkVolumeSatisfyClaim. */
export function whyVolumeDoesNotSatisfy(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`;
  if (volumeCapacityBytes(volume) < claimRequestBytes(claim)) return 'requested PV is too small';
  if (getVolumeClass(volume) !== getClaimClass(claim)) return 'storageClassName does not match';
  if (!checkVolumeAttributesClass(claim, volume)) return 'volumeAttributesClassName does not match';
  if (checkVolumeModeMismatches(claim.spec, volume.spec)) return 'incompatible volumeMode';
  if (!checkAccessModes(claim, volume)) return 'incompatible accessMode';
  return undefined;
}
