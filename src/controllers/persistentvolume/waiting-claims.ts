/**
 * Claims that found no volume, so that a volume which becomes available wakes one claim that it fits, and not all.
 * Among those it fits, the one that wastes least of it; of equals the one that waited longest.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { keyOf } from '../../api/index.ts';
import { volumeCapacityBytes } from '../../component-helpers/index.ts';
import { SortedList } from '../common/sorted-list.ts';
import { type MatchRequest, matchRequest, offers, volumeGroup } from './match-index.ts';

interface Waiting {
  readonly key: string;
  readonly request: MatchRequest;
  readonly arrival: number;
}

/** Smallest request first, and of equals the latest first: read backwards. */
function bySizeThenArrival(left: Waiting, right: Waiting): number {
  const [a, b] = [left.request.sizeBytes, right.request.sizeBytes];
  if (a !== b) return a < b ? -1 : 1;
  return right.arrival - left.arrival;
}

export class WaitingClaims {
  readonly #waiting = new Map<string, Waiting>();
  readonly #groups = new Map<string, SortedList<Waiting>>();
  #arrivals = 0;

  get size(): number {
    return this.#waiting.size;
  }

  add(claim: PersistentVolumeClaim): void {
    const key = keyOf(claim);
    this.delete(key);
    const waiting: Waiting = { key, request: matchRequest(claim), arrival: this.#arrivals++ };
    this.#waiting.set(key, waiting);
    let group = this.#groups.get(waiting.request.group);
    if (!group) {
      group = new SortedList<Waiting>(bySizeThenArrival);
      this.#groups.set(waiting.request.group, group);
    }
    group.add(waiting);
  }

  delete(key: string): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#waiting.delete(key);
    const group = this.#groups.get(waiting.request.group);
    group?.delete(waiting);
    if (group?.length === 0) this.#groups.delete(waiting.request.group);
  }

  /** Takes out the claim that the volume should be offered to. */
  take(volume: PersistentVolume): string | undefined {
    const capacityBytes = volumeCapacityBytes(volume);
    const group = this.#groups.get(volumeGroup(volume));
    for (const waiting of group?.descending(({ request }) => request.sizeBytes <= capacityBytes) ?? []) {
      if (!offers(volume, waiting.request)) continue;
      this.delete(waiting.key);
      return waiting.key;
    }
    return undefined;
  }
}
