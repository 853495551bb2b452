/** Whether a node can have the volumes of a pod, and what would have to be bound or provisioned for it. Pure. */
import type {
  CSIStorageCapacity,
  Labels,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../api/index.ts';
import {
  annSelectedNode,
  claimRequestBytes,
  findMigration,
  getClaimClass,
  labelHostname,
  noProvisioner,
  topologyTermsMatch,
  volumeMatchesNode,
} from '../../../component-helpers/index.ts';
import type { PodClaims } from './pod-claims.ts';
import { type CandidateSource, hostnamesOf, StaticCandidates } from './static-candidates.ts';

export interface VolumeSource extends CandidateSource {
  volume(name: string): PersistentVolume | undefined;
  /** The volume as it is used on the node: an in-tree volume there may be served by its CSI driver. */
  onNode(volume: PersistentVolume, nodeName: string): PersistentVolume;
  class(name: string): StorageClass | undefined;
  /** Whether the driver publishes CSIStorageCapacity objects that must be obeyed. */
  checksCapacity(driver: string): boolean;
  /** Where a node with these labels has room for a volume of the class and size. */
  room(className: string, labels: Labels | undefined, neededBytes: bigint): CSIStorageCapacity | undefined;
}

export interface Binding {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

export interface Provision {
  readonly claim: PersistentVolumeClaim;
  /** Where the room was found; undefined when the driver does not publish its capacity. */
  readonly capacity?: CSIStorageCapacity;
}

/** What is to be done for the pod on one node. */
export interface NodeVolumes {
  readonly bindings: readonly Binding[];
  readonly provisions: readonly Provision[];
}

export const reasons = {
  bindConflict: "node(s) didn't find available persistent volumes to bind",
  nodeConflict: "node(s) didn't match PersistentVolume's node affinity",
  notEnoughSpace: 'node(s) did not have enough free storage',
  volumeMissing: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const;

export type FindResult =
  | { readonly kind: 'found'; readonly volumes: NodeVolumes }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

/** What can be said of a pod's volumes without a node, so that each node costs little. */
export interface PodToPlace {
  readonly bound: readonly BoundVolume[];
  readonly delayed: readonly DelayedClaim[];
  readonly candidates: StaticCandidates;
}

interface BoundVolume {
  /** Undefined when it is gone. */
  readonly volume: PersistentVolume | undefined;
  /** No node outside of them reaches it; undefined when its affinity does not name hosts. */
  readonly hostnames: ReadonlySet<string> | undefined;
}

interface DelayedClaim {
  readonly claim: PersistentVolumeClaim;
  readonly selectedNode: string | undefined;
  /** The class when it provisions. */
  readonly class: StorageClass | undefined;
  /** What its driver must have free; undefined when that is not to be checked. */
  readonly neededBytes: bigint | undefined;
}

export function preparePod({ bound, delayed }: PodClaims, source: VolumeSource): PodToPlace {
  return {
    bound: bound.map((claim) => prepareBound(source.volume(claim.spec.volumeName ?? ''))),
    delayed: delayed.map((claim) => prepareDelayed(claim, source)),
    candidates: new StaticCandidates(source),
  };
}

function prepareBound(volume: PersistentVolume | undefined): BoundVolume {
  const isAsItSays = volume?.spec.csi || (volume && !findMigration(volume));
  const hostnames = volume && isAsItSays ? hostnamesOf(volume) : undefined;
  return { volume, hostnames: hostnames && new Set(hostnames) };
}

function prepareDelayed(claim: PersistentVolumeClaim, source: VolumeSource): DelayedClaim {
  const volumeClass = source.class(getClaimClass(claim));
  const provisions = volumeClass && volumeClass.provisioner !== '' && volumeClass.provisioner !== noProvisioner;
  const isSized = claim.spec.resources?.requests?.storage !== undefined;
  const isChecked = provisions && isSized && source.checksCapacity(volumeClass.provisioner);
  return {
    claim,
    selectedNode: claim.metadata.annotations?.[annSelectedNode],
    class: provisions ? volumeClass : undefined,
    neededBytes: isChecked ? claimRequestBytes(claim) : undefined,
  };
}

const nothingToDo: FindResult = { kind: 'found', volumes: { bindings: [], provisions: [] } };

/** Upstream: binder.go FindPodVolumes, with its order of reasons. */
export function findPodVolumes(pod: PodToPlace, node: Node, source: VolumeSource): FindResult {
  const refusal = boundRefusal(pod.bound, node, source);
  const delayed = pod.delayed.length > 0 ? findDelayed(pod, node, source) : nothingToDo;
  if (refusal === undefined) return delayed;
  const others = delayed.kind === 'refused' ? delayed.reasons : [];
  // Whatever is wrong with the node itself comes first, a missing volume last.
  return { kind: 'refused', reasons: refusal === reasons.nodeConflict ? [refusal, ...others] : [...others, refusal] };
}

function boundRefusal(bound: readonly BoundVolume[], node: Node, source: VolumeSource): string | undefined {
  for (const { volume, hostnames } of bound) {
    if (!volume) return reasons.volumeMissing;
    if (hostnames && !hostnames.has(node.metadata.labels?.[labelHostname] ?? '')) return reasons.nodeConflict;
    if (!volumeMatchesNode(source.onNode(volume, node.metadata.name), node)) return reasons.nodeConflict;
  }
  return undefined;
}

function findDelayed({ delayed, candidates }: PodToPlace, node: Node, source: VolumeSource): FindResult {
  const bindings: Binding[] = [];
  const left: DelayedClaim[] = [];
  const chosen = new Set<string>();
  for (const one of delayed) {
    const { claim, selectedNode } = one;
    if (selectedNode !== undefined && selectedNode !== node.metadata.name) return refused(reasons.bindConflict);
    const volume = selectedNode === undefined ? candidates.find(claim, node, chosen) : undefined;
    if (volume) {
      chosen.add(volume.metadata.name);
      bindings.push({ claim, volume });
    } else left.push(one);
  }
  const provisions: Provision[] = [];
  for (const one of left) {
    const provision = provisionOn(node, one, source);
    if (typeof provision === 'string') return refused(provision);
    provisions.push(provision);
  }
  return { kind: 'found', volumes: { bindings, provisions } };
}

function refused(reason: string): FindResult {
  return { kind: 'refused', reasons: [reason] };
}

/** How the claim's volume would be made for the node; the reason when it would not. */
function provisionOn(
  { metadata: { labels } }: Node,
  { claim, class: volumeClass, neededBytes }: DelayedClaim,
  source: VolumeSource,
): Provision | string {
  if (!volumeClass || !topologyTermsMatch(volumeClass.allowedTopologies, labels)) return reasons.bindConflict;
  if (neededBytes === undefined) return { claim };
  const capacity = source.room(volumeClass.metadata.name, labels, neededBytes);
  return capacity ? { claim, capacity } : reasons.notEnoughSpace;
}
