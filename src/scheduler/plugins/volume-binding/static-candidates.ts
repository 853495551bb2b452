/**
 * The existing volumes that the delayed claims of one pod could be bound to: what does not depend on the node is worked
 * out once per pod, so that asking for one node after another stays cheap with thousands of volumes in a class.
 */
import { compareQuantities, type Node, type PersistentVolume, type PersistentVolumeClaim } from '../../../api/index.ts';
import {
  findMatchingVolume,
  getClaimClass,
  getVolumeClass,
  isVolumeBoundToClaim,
  labelHostname,
  volumeMatchesNode,
} from '../../../component-helpers/index.ts';

export interface CandidateSource {
  /** Volumes of the claim's class whose claimRef names the claim. */
  reserved(claim: PersistentVolumeClaim): readonly PersistentVolume[];
  /** Volumes of the class that nobody has claimed: those tied to a host, or those not tied to hosts by name. */
  unclaimed(className: string, hostname?: string): readonly PersistentVolume[];
}

interface Candidates {
  /** The volume that is kept for the claim: it is this one or none. */
  readonly reserved: PersistentVolume | undefined;
  /** All that are not tied to a host, by capacity, the smallest first. */
  readonly shared: readonly SizeGroup[];
}

/** Volumes of one capacity. Which of them fit is found out when the smaller ones have not been enough. */
interface SizeGroup {
  readonly volumes: readonly PersistentVolume[];
  fitting?: readonly PersistentVolume[];
}

export class StaticCandidates {
  readonly #source: CandidateSource;
  readonly #byClaim = new Map<string, Candidates>();

  constructor(source: CandidateSource) {
    this.#source = source;
  }

  /** The answer of findMatchingVolume over all volumes of the class. `chosen` are promised to other claims of the pod. */
  find(claim: PersistentVolumeClaim, node: Node, chosen: ReadonlySet<string>): PersistentVolume | undefined {
    const { reserved, shared } = this.#candidatesOf(claim);
    if (reserved) return volumeMatchesNode(reserved, node) ? reserved : undefined;
    const hostname = node.metadata.labels?.[labelHostname];
    const locals = hostname === undefined ? [] : this.#source.unclaimed(getClaimClass(claim), hostname);
    const local =
      locals.length > 0 ? findMatchingVolume({ claim, volumes: locals, node, excludedVolumes: chosen }) : undefined;
    const other = findShared(shared, claim, node, chosen);
    if (!local || !other) return local ?? other;
    return compareQuantities(capacityOf(local), capacityOf(other)) <= 0 ? local : other;
  }

  #candidatesOf(claim: PersistentVolumeClaim): Candidates {
    const known = this.#byClaim.get(claim.metadata.uid);
    if (known) return known;
    const isReserved = (volume: PersistentVolume) => isVolumeBoundToClaim(volume, claim) && fits(volume, claim);
    const reserved = this.#source.reserved(claim).find(isReserved);
    const shared = reserved ? [] : bySize(this.#source.unclaimed(getClaimClass(claim)));
    const candidates = { reserved, shared };
    this.#byClaim.set(claim.metadata.uid, candidates);
    return candidates;
  }
}

/** Whether the volume would do for the claim on a node that reaches it. */
function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return findMatchingVolume({ claim, volumes: [volume] }) !== undefined;
}

function capacityOf(volume: PersistentVolume): string {
  return volume.spec.capacity?.storage ?? '0';
}

function bySize(volumes: readonly PersistentVolume[]): readonly SizeGroup[] {
  const groups = new Map<string, PersistentVolume[]>();
  for (const volume of volumes) {
    const capacity = capacityOf(volume);
    const group = groups.get(capacity);
    if (group) group.push(volume);
    else groups.set(capacity, [volume]);
  }
  return [...groups].sort(([a], [b]) => compareQuantities(a, b)).map(([, group]) => ({ volumes: group }));
}

function findShared(
  groups: readonly SizeGroup[],
  claim: PersistentVolumeClaim,
  node: Node,
  chosen: ReadonlySet<string>,
): PersistentVolume | undefined {
  for (const group of groups) {
    group.fitting ??= group.volumes.filter((volume) => fits(volume, claim));
    for (const volume of group.fitting) {
      if (!chosen.has(volume.metadata.name) && volumeMatchesNode(volume, node)) return volume;
    }
  }
  return undefined;
}

/** The values of the hostname label without which no node reaches the volume; undefined when there are no such. */
export function hostnamesOf(volume: PersistentVolume): readonly string[] | undefined {
  const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const hostnames = new Set<string>();
  for (const { matchExpressions } of terms) {
    const hosts = matchExpressions?.find(({ key, operator }) => key === labelHostname && operator === 'In');
    if (!hosts) return undefined;
    for (const value of hosts.values ?? []) hostnames.add(value);
  }
  return [...hostnames];
}

/** Index values of a volume: under the claim that has it, or under its class and the hosts it is tied to. */
export function candidateIndexValues(volume: PersistentVolume): string[] {
  const className = getVolumeClass(volume);
  const { claimRef } = volume.spec;
  if (claimRef) return [reservedIndexValue(className, claimRef.namespace ?? '', claimRef.name ?? '')];
  const hostnames = hostnamesOf(volume);
  return hostnames?.map((hostname) => unclaimedIndexValue(className, hostname)) ?? [unclaimedIndexValue(className)];
}

export function reservedIndexValue(className: string, namespace: string, name: string): string {
  return `reserved\0${className}\0${namespace}/${name}`;
}

export function unclaimedIndexValue(className: string, hostname = ''): string {
  return `unclaimed\0${className}\0${hostname}`;
}
