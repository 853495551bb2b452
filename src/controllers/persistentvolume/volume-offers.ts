/**
 * Brings volumes that become available to claims that wait. A volume is offered to one claim at a time; when that claim
 * took another one instead, the volume is offered on.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import type { WorkQueue } from '../../client/index.ts';
import type { VolumeCache } from './volume-cache.ts';
import { WaitingClaims } from './waiting-claims.ts';

export class VolumeOffers {
  readonly #volumes: VolumeCache;
  readonly #claimQueue: Pick<WorkQueue, 'add'>;
  readonly #waiting = new WaitingClaims();
  /** Which volume woke the claim that is about to be synced. */
  readonly #offered = new Map<string, string>();

  constructor(volumes: VolumeCache, claimQueue: Pick<WorkQueue, 'add'>) {
    this.#volumes = volumes;
    this.#claimQueue = claimQueue;
  }

  offer(volume: PersistentVolume): void {
    const { name } = volume.metadata;
    if (!this.#volumes.isAvailable(name)) return;
    const claimKey = this.#waiting.take(volume);
    if (claimKey === undefined) return;
    this.#offered.set(claimKey, name);
    this.#claimQueue.add(claimKey);
  }

  /** The claim found no volume: the next one that fits it wakes it. */
  wait(claim: PersistentVolumeClaim): void {
    this.#waiting.add(claim);
  }

  /** The claim was synced, or is gone: it waits no longer, and what it did not take goes to others. */
  settle(claimKey: string): void {
    this.#waiting.delete(claimKey);
    const name = this.#offered.get(claimKey);
    if (name === undefined) return;
    this.#offered.delete(claimKey);
    const volume = this.#volumes.get(name);
    if (volume) this.offer(volume);
  }
}
