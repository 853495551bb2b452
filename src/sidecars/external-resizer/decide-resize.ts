/**
 * Which size the volume of a claim is to have next. Pure. A size that was begun is carried through before another is
 * aimed at, unless the driver has refused it for good. Upstream: external-resizer expand_and_recover.go.
 */
import { compareQuantities, type PersistentVolume, type PersistentVolumeClaim } from '../../api/index.ts';
import { annStorageResizer, claimWantsMore, resizeStatusOf } from '../../component-helpers/index.ts';

export interface ResizeInput {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly driver: string;
  /** Whether the driver's controller grows volumes; else only its node service does. */
  readonly controllerExpands: boolean;
  /** Whether the last attempt of this process failed for good. */
  readonly failedForGood: boolean;
}

export type ResizeDecision =
  | { readonly kind: 'settled' }
  /** The controller's part is done. */
  | { readonly kind: 'awaitNode' }
  /** `isBegun`: the claim's status aims at this size already. */
  | { readonly kind: 'expand'; readonly size: string; readonly isBegun: boolean };

export function decideResize(input: ResizeInput): ResizeDecision {
  const { claim, volume, driver } = input;
  if (!claimWantsMore(claim) || !isVolumeOf(claim, volume) || !isServed(claim, volume, driver)) {
    return { kind: 'settled' };
  }
  const size = sizeToReach(input);
  if (size === undefined) return { kind: 'awaitNode' };
  const allocated = claim.status?.allocatedResources?.storage;
  return { kind: 'expand', size, isBegun: allocated !== undefined && compareQuantities(allocated, size) === 0 };
}

export function isVolumeOf(claim: PersistentVolumeClaim, { spec }: PersistentVolume): boolean {
  return spec.claimRef?.namespace === claim.metadata.namespace && spec.claimRef.uid === claim.metadata.uid;
}

/** A volume of another kind is this driver's when the expand controller says so on the claim. */
function isServed(claim: PersistentVolumeClaim, { spec }: PersistentVolume, driver: string): boolean {
  if (spec.csi) return spec.csi.driver === driver;
  return claim.metadata.annotations?.[annStorageResizer] === driver;
}

/** Undefined: it is the node's turn. */
function sizeToReach({ claim, volume, controllerExpands, failedForGood }: ResizeInput): string | undefined {
  const requested = claim.spec.resources?.requests?.storage ?? '0';
  const begun = claim.status?.allocatedResources?.storage ?? requested;
  const volumeSize = volume.spec.capacity?.storage ?? '0';
  const isVolumeSmaller = compareQuantities(volumeSize, requested) < 0;
  switch (resizeStatusOf(claim)) {
    case 'NodeResizePending':
    case 'NodeResizeInProgress':
      return isVolumeSmaller && compareQuantities(volumeSize, begun) < 0 ? begun : undefined;
    case 'NodeResizeInfeasible':
      // A driver without a controller part has grown nothing yet, and may aim lower.
      return isVolumeSmaller || controllerExpands ? begun : requested;
    case 'ControllerResizeInProgress':
      return isVolumeSmaller && failedForGood ? requested : begun;
    case 'ControllerResizeInfeasible':
      return isVolumeSmaller ? requested : begun;
    default:
      return isVolumeSmaller ? requested : begun;
  }
}
