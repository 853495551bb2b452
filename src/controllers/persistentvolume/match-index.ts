/**
 * Unclaimed volumes by class, mode, attributes class, access modes and size, so that finding the volume for a claim
 * costs the same among ten volumes and among a hundred thousand.
 */
import { labelSelectorMatcher, type PersistentVolume, type PersistentVolumeClaim } from '../../api/index.ts';
import {
  claimRequestBytes,
  getClaimClass,
  getVolumeClass,
  volumeCapacityBytes,
} from '../../component-helpers/index.ts';
import { SortedList } from '../common/sorted-list.ts';

interface Entry {
  readonly volume: PersistentVolume;
  readonly capacityBytes: bigint;
}

/** Smallest first; the name decides between equals, so that the choice can be foretold. */
function byCapacity(left: Entry, right: Entry): number {
  if (left.capacityBytes !== right.capacityBytes) return left.capacityBytes < right.capacityBytes ? -1 : 1;
  const leftName = left.volume.metadata.name;
  const rightName = right.volume.metadata.name;
  return leftName === rightName ? 0 : leftName < rightName ? -1 : 1;
}

/** Volumes that offer the same set of access modes. */
class ModeSet {
  readonly modes: readonly string[];
  readonly #all = new SortedList<Entry>(byCapacity);
  readonly #byLabel = new Map<string, SortedList<Entry>>();

  constructor(modes: readonly string[]) {
    this.modes = modes;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  add(entry: Entry): void {
    this.#all.add(entry);
    for (const label of labelsOf(entry.volume)) {
      let labelled = this.#byLabel.get(label);
      if (!labelled) {
        labelled = new SortedList<Entry>(byCapacity);
        this.#byLabel.set(label, labelled);
      }
      labelled.add(entry);
    }
  }

  delete(entry: Entry): void {
    this.#all.delete(entry);
    for (const label of labelsOf(entry.volume)) {
      const labelled = this.#byLabel.get(label);
      labelled?.delete(entry);
      if (labelled?.length === 0) this.#byLabel.delete(label);
    }
  }

  findSmallest(request: MatchRequest): PersistentVolume | undefined {
    const candidates = this.#candidates(request);
    if (!candidates) return undefined;
    for (const { volume } of candidates.ascending(({ capacityBytes }) => capacityBytes < request.sizeBytes)) {
      if (!request.selector || request.selector.matches(volume.metadata.labels)) return volume;
    }
    return undefined;
  }

  /** The shortest list that holds every match: a label that the selector demands narrows it down. */
  #candidates(request: MatchRequest): SortedList<Entry> | undefined {
    let shortest: SortedList<Entry> | undefined = this.#all;
    for (const label of request.requiredLabels) {
      const labelled = this.#byLabel.get(label);
      if (!labelled) return undefined;
      if (labelled.length < shortest.length) shortest = labelled;
    }
    return shortest;
  }
}

function labelsOf(volume: PersistentVolume): readonly string[] {
  return Object.entries(volume.metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`);
}

/** What a claim asks of a volume, in the terms of the index. */
export interface MatchRequest {
  readonly group: string;
  readonly modes: readonly string[];
  readonly sizeBytes: bigint;
  readonly requiredLabels: readonly string[];
  readonly selector: { matches(labels: Readonly<Record<string, string>> | undefined): boolean } | undefined;
}

function groupOf(
  spec: { readonly volumeMode?: string; readonly volumeAttributesClassName?: string },
  className: string,
) {
  return `${className}|${spec.volumeMode ?? 'Filesystem'}|${spec.volumeAttributesClassName ?? ''}`;
}

export function volumeGroup(volume: PersistentVolume): string {
  return groupOf(volume.spec, getVolumeClass(volume));
}

export function matchRequest(claim: PersistentVolumeClaim): MatchRequest {
  const { selector } = claim.spec;
  return {
    group: groupOf(claim.spec, getClaimClass(claim)),
    modes: claim.spec.accessModes ?? [],
    sizeBytes: claimRequestBytes(claim),
    requiredLabels: Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    selector: selector && labelSelectorMatcher(selector),
  };
}

/** Whether the volume, as it stands, offers what is asked. */
export function offers(volume: PersistentVolume, request: MatchRequest): boolean {
  const offered = volume.spec.accessModes ?? [];
  return (
    volumeGroup(volume) === request.group &&
    request.modes.every((mode) => offered.includes(mode)) &&
    volumeCapacityBytes(volume) >= request.sizeBytes &&
    (!request.selector || request.selector.matches(volume.metadata.labels))
  );
}

export class MatchIndex {
  readonly #entries = new Map<string, Entry>();
  /** By group, then by the sorted access modes. Fewest modes first within a group. */
  readonly #groups = new Map<string, ModeSet[]>();

  get size(): number {
    return this.#entries.size;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  set(volume: PersistentVolume): void {
    if (this.#entries.get(volume.metadata.name)?.volume === volume) return;
    this.delete(volume.metadata.name);
    const entry: Entry = { volume, capacityBytes: volumeCapacityBytes(volume) };
    this.#entries.set(volume.metadata.name, entry);
    this.#modeSet(volume).add(entry);
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    const set = this.#modeSet(entry.volume);
    set.delete(entry);
    if (!set.isEmpty) return;
    const group = volumeGroup(entry.volume);
    const rest = (this.#groups.get(group) ?? []).filter((other) => other !== set);
    if (rest.length === 0) this.#groups.delete(group);
    else this.#groups.set(group, rest);
  }

  /** The smallest volume that satisfies the request, from the set with the fewest access modes that has one. */
  findSmallest(request: MatchRequest): PersistentVolume | undefined {
    for (const set of this.#groups.get(request.group) ?? []) {
      if (!request.modes.every((mode) => set.modes.includes(mode))) continue;
      const volume = set.findSmallest(request);
      if (volume) return volume;
    }
    return undefined;
  }

  #modeSet(volume: PersistentVolume): ModeSet {
    const modes = [...new Set(volume.spec.accessModes ?? [])].sort();
    const group = volumeGroup(volume);
    const sets = this.#groups.get(group) ?? [];
    const known = sets.find(
      (set) => set.modes.length === modes.length && set.modes.every((mode, i) => mode === modes[i]),
    );
    if (known) return known;
    const made = new ModeSet(modes);
    this.#groups.set(
      group,
      [...sets, made].sort((left, right) => left.modes.length - right.modes.length || compareModes(left, right)),
    );
    return made;
  }
}

function compareModes(left: ModeSet, right: ModeSet): number {
  return left.modes.join() < right.modes.join() ? -1 : 1;
}
