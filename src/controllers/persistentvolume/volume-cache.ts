/**
 * The volumes as the binder sees them: the newest version of each, an index of those that can still be chosen, and
 * which of them are promised to a claim whose binding is being written. Two claims are never promised one volume.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { keyOf } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';
import { checkAccessModes, findMatchingVolume } from '../../component-helpers/index.ts';
import { WrittenCache } from '../common/written-cache.ts';
import { MatchIndex, matchRequest } from './match-index.ts';

export type Match =
  /** Reserved for the claim, by a user, a provisioner or the scheduler. */
  | { readonly kind: 'reserved'; readonly volume: PersistentVolume }
  | { readonly kind: 'available'; readonly volume: PersistentVolume }
  /** It fits and belongs to nobody, but is not Available yet: worth waiting a moment for. */
  | { readonly kind: 'arriving'; readonly volume: PersistentVolume }
  | { readonly kind: 'none' };

export function claimRefKey(volume: PersistentVolume): string | undefined {
  const claimRef = volume.spec.claimRef;
  return claimRef ? `${claimRef.namespace}/${claimRef.name}` : undefined;
}

export class VolumeCache {
  readonly #volumes: WrittenCache<PersistentVolume>;
  readonly #available = new MatchIndex();
  readonly #arriving = new MatchIndex();
  /** Names of the volumes whose claimRef names the claim. */
  readonly #byClaim = new Map<string, Set<string>>();
  readonly #claimOf = new Map<string, string>();
  readonly #promised = new Set<string>();

  constructor(informer: Informer<PersistentVolume>) {
    this.#volumes = new WrittenCache(informer);
  }

  get(name: string): PersistentVolume | undefined {
    return this.#volumes.get(name);
  }

  list(): readonly PersistentVolume[] {
    return this.#volumes.list();
  }

  /** The volumes whose claimRef names the claim. */
  reservedFor(claimKey: string): readonly PersistentVolume[] {
    const names = this.#byClaim.get(claimKey);
    return names ? [...names].map((name) => this.get(name)).filter((volume) => volume !== undefined) : [];
  }

  findBestMatch(claim: PersistentVolumeClaim, delayBinding: boolean): Match {
    const volumes = this.reservedFor(keyOf(claim)).filter((volume) => checkAccessModes(claim, volume));
    const reserved = volumes.length > 0 ? findMatchingVolume({ claim, volumes, delayBinding: true }) : undefined;
    if (reserved) return { kind: 'reserved', volume: reserved };
    if (delayBinding) return { kind: 'none' };
    const request = matchRequest(claim);
    const available = this.#available.findSmallest(request);
    if (available) return { kind: 'available', volume: available };
    const arriving = this.#arriving.findSmallest(request);
    return arriving ? { kind: 'arriving', volume: arriving } : { kind: 'none' };
  }

  /** Whether a claim could be given the volume right now. */
  isAvailable(name: string): boolean {
    return this.#available.has(name);
  }

  /** Hides the volume from other claims while its binding is written. Undone by disposal. */
  promise(name: string): Disposable {
    this.#promised.add(name);
    this.#index(name);
    return {
      [Symbol.dispose]: () => {
        this.#promised.delete(name);
        this.#index(name);
      },
    };
  }

  /** Remembers what a write returned. */
  record(volume: PersistentVolume): void {
    this.#volumes.record(volume);
    this.#index(volume.metadata.name);
  }

  /** Takes note of what the informer shows and answers whether it is news. */
  observe(volume: PersistentVolume): boolean {
    const isNews = this.#volumes.observe(volume);
    this.#index(volume.metadata.name);
    return isNews;
  }

  observeDeletion(last: PersistentVolume): void {
    this.#volumes.observeDeletion(last);
    this.#index(last.metadata.name);
  }

  #index(name: string): void {
    const volume = this.get(name);
    this.#indexClaim(name, volume && claimRefKey(volume));
    const free = volume && !volume.spec.claimRef && !volume.metadata.deletionTimestamp && !this.#promised.has(name);
    const phase = volume?.status?.phase ?? 'Pending';
    place(this.#available, name, free && phase === 'Available' ? volume : undefined);
    place(this.#arriving, name, free && phase === 'Pending' ? volume : undefined);
  }

  #indexClaim(name: string, claimKey: string | undefined): void {
    const before = this.#claimOf.get(name);
    if (before === claimKey) return;
    if (before !== undefined) {
      const names = this.#byClaim.get(before);
      names?.delete(name);
      if (names?.size === 0) this.#byClaim.delete(before);
      this.#claimOf.delete(name);
    }
    if (claimKey === undefined) return;
    this.#claimOf.set(name, claimKey);
    const names = this.#byClaim.get(claimKey);
    if (names) names.add(name);
    else this.#byClaim.set(claimKey, new Set([name]));
  }
}

function place(index: MatchIndex, name: string, volume: PersistentVolume | undefined): void {
  if (volume) index.set(volume);
  else index.delete(name);
}
