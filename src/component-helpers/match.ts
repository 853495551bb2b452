/** Finds the volume for a claim. Upstream: component-helpers storage/volume/pv_helpers.go FindMatchingVolume. */
import {
  compareQuantities,
  labelSelectorMatcher,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../api/index.ts';
import { isVolumeBoundToClaim } from './bind-state.ts';
import { getClaimClass, getVolumeClass } from './storage-class-of.ts';
import { volumeMatchesNode } from './topology.ts';

type VolumeModeSource = { readonly volumeMode?: string };

/** Whether the modes differ. No mode means Filesystem. */
export function checkVolumeModeMismatches(claimSpec: VolumeModeSource, volumeSpec: VolumeModeSource): boolean {
  return (claimSpec.volumeMode ?? 'Filesystem') !== (volumeSpec.volumeMode ?? 'Filesystem');
}

/** Whether the volume offers every access mode that the claim asks for. */
export function checkAccessModes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const offered = volume.spec.accessModes ?? [];
  return (claim.spec.accessModes ?? []).every((mode) => offered.includes(mode));
}

/** Whether the volume has the VolumeAttributesClass that the claim asks for. None and '' are the same. */
export function checkVolumeAttributesClass(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec.volumeAttributesClassName ?? '') === (volume.spec.volumeAttributesClassName ?? '');
}

export interface FindMatchingVolumeOptions {
  readonly claim: PersistentVolumeClaim;
  readonly volumes: Iterable<PersistentVolume>;
  /** Set by the scheduler: the volume must be reachable from this node. */
  readonly node?: Node | undefined;
  /** Names of volumes that are already promised to other claims of the same pod. */
  readonly excludedVolumes?: ReadonlySet<string> | undefined;
  /** Set by the binder for classes that wait for a consumer: only a volume reserved for this claim is returned. */
  readonly delayBinding?: boolean;
}

const noVolumes: ReadonlySet<string> = new Set();

function fits(claim: PersistentVolumeClaim, volume: PersistentVolume, request: string): boolean {
  if (volume.spec.claimRef && !isVolumeBoundToClaim(volume, claim)) return false;
  if (compareQuantities(volume.spec.capacity?.storage ?? '0', request) < 0) return false;
  if (checkVolumeModeMismatches(claim.spec, volume.spec)) return false;
  if (!checkVolumeAttributesClass(claim, volume)) return false;
  return volume.metadata.deletionTimestamp === undefined;
}

function isReachable(volume: PersistentVolume, node: Node | undefined): boolean {
  return node === undefined || volumeMatchesNode(volume, node);
}

/** The volume reserved for the claim if there is one, else the smallest that satisfies it; undefined when none does. */
export function findMatchingVolume(options: FindMatchingVolumeOptions): PersistentVolume | undefined {
  const { claim, volumes, node, excludedVolumes = noVolumes, delayBinding = false } = options;
  const request = claim.spec.resources?.requests?.storage ?? '0';
  const requestedClass = getClaimClass(claim);
  const selector = claim.spec.selector && labelSelectorMatcher(claim.spec.selector);
  let smallest: PersistentVolume | undefined;
  let smallestCapacity = '0';
  for (const volume of volumes) {
    if (excludedVolumes.has(volume.metadata.name) || !fits(claim, volume, request)) continue;
    // A reserved volume that the node cannot reach means the claim cannot be used there: another volume is no answer.
    if (isVolumeBoundToClaim(volume, claim)) return isReachable(volume, node) ? volume : undefined;
    if (node === undefined && delayBinding) continue;
    if (volume.status?.phase !== 'Available') continue;
    if (selector && !selector.matches(volume.metadata.labels)) continue;
    if (getVolumeClass(volume) !== requestedClass || !checkAccessModes(claim, volume)) continue;
    const capacity = volume.spec.capacity?.storage ?? '0';
    if (smallest && compareQuantities(smallestCapacity, capacity) <= 0) continue;
    // What costs most is asked last.
    if (!isReachable(volume, node)) continue;
    smallest = volume;
    smallestCapacity = capacity;
  }
  return smallest;
}
