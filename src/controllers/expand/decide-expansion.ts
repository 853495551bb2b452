/**
 * Who enlarges the volume of a claim that asks for more than it has. Pure. Upstream: volume/expand/expand_controller.go,
 * operation_generator.go GenerateExpandAndRecoverVolumeFunc.
 */
import { compareQuantities, type PersistentVolume, type PersistentVolumeClaim } from '../../api/index.ts';
import { annPreResizeCapacity, claimWantsMore, findMigration, resizeStatusOf } from '../../component-helpers/index.ts';

export type ExpansionDecision =
  | { readonly kind: 'settled' }
  /** A resizer outside does it; `resizer` names it on the claim when only this controller knows. */
  | { readonly kind: 'external'; readonly message: string; readonly resizer?: string }
  /** Nothing is to be done but on the node, by the plugin there: the new size is written down for it. */
  | { readonly kind: 'onNode'; readonly size: string }
  /** The node is done: the note of the size before goes. */
  | { readonly kind: 'forgetPreResize' };

export function decideExpansion(claim: PersistentVolumeClaim, volume: PersistentVolume): ExpansionDecision {
  const isNoted = volume.metadata.annotations?.[annPreResizeCapacity] !== undefined;
  if (!claimWantsMore(claim) && !isNoted) return { kind: 'settled' };
  const migration = findMigration(volume);
  if (migration) {
    const message = `CSI migration enabled for ${migration.plugin}; waiting for external resizer to expand the pvc`;
    return { kind: 'external', message, resizer: migration.driver };
  }
  if (!volume.spec.flexVolume) {
    if (!claimWantsMore(claim)) return { kind: 'settled' };
    return { kind: 'external', message: 'waiting for an external controller to expand this PVC' };
  }
  if (isNoted && isNodeDone(claim, volume)) return { kind: 'forgetPreResize' };
  return decideOnNode(claim, volume);
}

function isNodeDone({ spec, status }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const capacity = status?.capacity?.storage ?? '0';
  const wanted = [spec.resources?.requests?.storage, volume.spec.capacity?.storage];
  return wanted.every((size) => compareQuantities(capacity, size ?? '0') >= 0);
}

/** A size that was tried once is carried through before the next is begun. */
function decideOnNode(claim: PersistentVolumeClaim, volume: PersistentVolume): ExpansionDecision {
  const requested = claim.spec.resources?.requests?.storage ?? '0';
  const allocated = claim.status?.allocatedResources?.storage;
  const progress = resizeStatusOf(claim);
  const isVolumeLarge = compareQuantities(volume.spec.capacity?.storage ?? '0', requested) >= 0;
  if (isVolumeLarge && (progress === 'NodeResizePending' || progress === 'NodeResizeInProgress')) {
    return { kind: 'settled' };
  }
  const isUnderWay = progress === 'ControllerResizeInProgress' || (!isVolumeLarge && progress === 'NodeResizePending');
  return { kind: 'onNode', size: (isUnderWay ? allocated : undefined) ?? requested };
}
