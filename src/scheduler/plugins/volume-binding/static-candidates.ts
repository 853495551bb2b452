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
  /** All that fit and are not tied to a host, the smallest first. */
  readonly shared: readonly PersistentVolume[];
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
    const other = shared.find((volume) => !chosen.has(volume.metadata.name) && volumeMatchesNode(volume, node));
    if (!local || !other) return local ?? other;
    return compareCapacity(local, other) <= 0 ? local : other;
  }

  #candidatesOf(claim: PersistentVolumeClaim): Candidates {
    const known = this.#byClaim.get(claim.metadata.uid);
    if (known) return known;
    const fits = (volume: PersistentVolume) => findMatchingVolume({ claim, volumes: [volume] }) !== undefined;
    const reserved = this.#source.reserved(claim).find((volume) => isVolumeBoundToClaim(volume, claim) && fits(volume));
    const unclaimed = reserved ? [] : this.#source.unclaimed(getClaimClass(claim));
    const candidates = { reserved, shared: unclaimed.filter(fits).sort(compareCapacity) };
    this.#byClaim.set(claim.metadata.uid, candidates);
    return candidates;
  }
}

function compareCapacity(a: PersistentVolume, b: PersistentVolume): number {
  return compareQuantities(a.spec.capacity?.storage ?? '0', b.spec.capacity?.storage ?? '0');
}

/** The values of the hostname label without which no node reaches the volume; undefined when there are no such. */
function hostnamesOf(volume: PersistentVolume): readonly string[] | undefined {
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
