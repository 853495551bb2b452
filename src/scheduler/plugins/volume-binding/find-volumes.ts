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
  getClaimClass,
  noProvisioner,
  topologyTermsMatch,
  volumeMatchesNode,
} from '../../../component-helpers/index.ts';
import { hasRoom } from './capacity.ts';
import type { PodClaims } from './pod-claims.ts';
import type { CandidateSource, StaticCandidates } from './static-candidates.ts';

export interface VolumeSource extends CandidateSource {
  volume(name: string): PersistentVolume | undefined;
  /** The volume as it is used on the node: an in-tree volume there may be served by its CSI driver. */
  onNode(volume: PersistentVolume, nodeName: string): PersistentVolume;
  class(name: string): StorageClass | undefined;
  /** Whether the driver publishes CSIStorageCapacity objects that must be obeyed. */
  checksCapacity(driver: string): boolean;
  /** Objects of the class among which are all that a node with these labels has access to. */
  capacities(className: string, labels: Labels | undefined): readonly CSIStorageCapacity[];
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

export interface PodToPlace {
  readonly claims: PodClaims;
  readonly candidates: StaticCandidates;
}

const nothingToDo: FindResult = { kind: 'found', volumes: { bindings: [], provisions: [] } };

/** Upstream: binder.go FindPodVolumes, with its order of reasons. */
export function findPodVolumes({ claims, candidates }: PodToPlace, node: Node, source: VolumeSource): FindResult {
  const refusal = boundRefusal(claims.bound, node, source);
  const delayed = claims.delayed.length > 0 ? findDelayed(claims.delayed, candidates, node, source) : nothingToDo;
  if (refusal === undefined) return delayed;
  const others = delayed.kind === 'refused' ? delayed.reasons : [];
  // Whatever is wrong with the node itself comes first, a missing volume last.
  return { kind: 'refused', reasons: refusal === reasons.nodeConflict ? [refusal, ...others] : [...others, refusal] };
}

function boundRefusal(bound: readonly PersistentVolumeClaim[], node: Node, source: VolumeSource): string | undefined {
  for (const claim of bound) {
    const volume = source.volume(claim.spec.volumeName ?? '');
    if (!volume) return reasons.volumeMissing;
    if (!volumeMatchesNode(source.onNode(volume, node.metadata.name), node)) return reasons.nodeConflict;
  }
  return undefined;
}

function findDelayed(
  delayed: readonly PersistentVolumeClaim[],
  candidates: StaticCandidates,
  node: Node,
  source: VolumeSource,
): FindResult {
  const bindings: Binding[] = [];
  const provisions: Provision[] = [];
  const chosen = new Set<string>();
  for (const claim of delayed) {
    const selected = claim.metadata.annotations?.[annSelectedNode];
    if (selected !== undefined && selected !== node.metadata.name) return refused(reasons.bindConflict);
    const volume = selected === undefined ? candidates.find(claim, node, chosen) : undefined;
    if (volume) {
      chosen.add(volume.metadata.name);
      bindings.push({ claim, volume });
    } else provisions.push({ claim });
  }
  for (const [index, { claim }] of provisions.entries()) {
    const room = findRoom(claim, node, source);
    if (typeof room === 'string') return refused(room);
    if (room) provisions[index] = { claim, capacity: room };
  }
  return { kind: 'found', volumes: { bindings, provisions } };
}

function refused(reason: string): FindResult {
  return { kind: 'refused', reasons: [reason] };
}

/** The capacity object that promises room; undefined when none is asked for; the reason why the node is refused. */
function findRoom(
  claim: PersistentVolumeClaim,
  node: Node,
  source: VolumeSource,
): CSIStorageCapacity | string | undefined {
  const volumeClass = source.class(getClaimClass(claim));
  if (!volumeClass || volumeClass.provisioner === '' || volumeClass.provisioner === noProvisioner) {
    return reasons.bindConflict;
  }
  const { labels } = node.metadata;
  if (!topologyTermsMatch(volumeClass.allowedTopologies, labels ?? {})) return reasons.bindConflict;
  const isSized = claim.spec.resources?.requests?.storage !== undefined;
  if (!isSized || !source.checksCapacity(volumeClass.provisioner)) return undefined;
  const needed = claimRequestBytes(claim);
  const capacities = source.capacities(volumeClass.metadata.name, labels);
  return capacities.find((capacity) => hasRoom(capacity, labels, needed)) ?? reasons.notEnoughSpace;
}
