/** Whether a node can have the volumes of a pod, and what would have to be bound or provisioned for it. Pure. */
import {
  type CSIStorageCapacity,
  labelSelectorMatcher,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  quantityValue,
  type StorageClass,
} from '../../../api/index.ts';
import {
  annSelectedNode,
  claimRequestBytes,
  findMatchingVolume,
  getClaimClass,
  noProvisioner,
  topologyTermsMatch,
  volumeMatchesNode,
} from '../../../component-helpers/index.ts';
import type { PodClaims } from './pod-claims.ts';

export interface VolumeSource {
  volume(name: string): PersistentVolume | undefined;
  volumesOfClass(className: string): readonly PersistentVolume[];
  class(name: string): StorageClass | undefined;
  /** Whether the driver publishes CSIStorageCapacity objects that must be obeyed. */
  checksCapacity(driver: string): boolean;
  capacities(className: string): readonly CSIStorageCapacity[];
}

export interface Binding {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

/** What is to be done for the pod on one node. */
export interface NodeVolumes {
  readonly bindings: readonly Binding[];
  readonly provisions: readonly PersistentVolumeClaim[];
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

export function findPodVolumes(claims: PodClaims, node: Node, source: VolumeSource): FindResult {
  const refusals = boundRefusals(claims.bound, node, source);
  const delayed = findDelayed(claims.delayed, node, source);
  if (delayed.kind === 'refused') refusals.push(...delayed.reasons);
  return refusals.length > 0 || delayed.kind === 'refused' ? { kind: 'refused', reasons: refusals } : delayed;
}

function boundRefusals(bound: readonly PersistentVolumeClaim[], node: Node, source: VolumeSource): string[] {
  let conflict = false;
  for (const claim of bound) {
    const volume = source.volume(claim.spec.volumeName ?? '');
    if (!volume) return [reasons.volumeMissing];
    conflict ||= !volumeMatchesNode(volume, node);
  }
  return conflict ? [reasons.nodeConflict] : [];
}

function findDelayed(delayed: readonly PersistentVolumeClaim[], node: Node, source: VolumeSource): FindResult {
  const bindings: Binding[] = [];
  const provisions: PersistentVolumeClaim[] = [];
  const chosen = new Set<string>();
  // Smallest first, so that a small claim does not take the volume that only a large one needs.
  const bySize = delayed.toSorted((a, b) => Number(claimRequestBytes(a) - claimRequestBytes(b)));
  for (const claim of bySize) {
    const selected = claim.metadata.annotations?.[annSelectedNode];
    if (selected !== undefined && selected !== node.metadata.name) {
      return { kind: 'refused', reasons: [reasons.bindConflict] };
    }
    const volume =
      selected === undefined
        ? findMatchingVolume({
            claim,
            volumes: source.volumesOfClass(getClaimClass(claim)),
            node,
            excludedVolumes: chosen,
          })
        : undefined;
    if (volume) {
      chosen.add(volume.metadata.name);
      bindings.push({ claim, volume });
    } else provisions.push(claim);
  }
  for (const claim of provisions) {
    const refusal = provisionRefusal(claim, node, source);
    if (refusal) return { kind: 'refused', reasons: [refusal] };
  }
  return { kind: 'found', volumes: { bindings, provisions } };
}

function provisionRefusal(claim: PersistentVolumeClaim, node: Node, source: VolumeSource): string | undefined {
  const volumeClass = source.class(getClaimClass(claim));
  if (!volumeClass || volumeClass.provisioner === '' || volumeClass.provisioner === noProvisioner) {
    return reasons.bindConflict;
  }
  if (!topologyTermsMatch(volumeClass.allowedTopologies, node.metadata.labels ?? {})) return reasons.bindConflict;
  if (!source.checksCapacity(volumeClass.provisioner)) return undefined;
  const needed = claimRequestBytes(claim);
  const enough = source.capacities(volumeClass.metadata.name).some((capacity) => hasRoom(capacity, node, needed));
  return enough ? undefined : reasons.notEnoughSpace;
}

function hasRoom(capacity: CSIStorageCapacity, node: Node, neededBytes: bigint): boolean {
  const limit = capacity.maximumVolumeSize ?? capacity.capacity;
  if (limit === undefined || !capacity.nodeTopology) return false;
  return (
    quantityValue(limit) >= neededBytes && labelSelectorMatcher(capacity.nodeTopology).matches(node.metadata.labels)
  );
}
