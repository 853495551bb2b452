/** The provisioner's finalizer on snapshots that volumes are restored from. */
import { isNotFound, restoreSourceFinalizer, type VolumeSnapshot, volumeSnapshots } from '../../api/index.ts';
import { KeyLock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';

/** Whether the provisioner keeps the snapshot. */
export function isHeld({ metadata }: VolumeSnapshot): boolean {
  return metadata.finalizers?.includes(restoreSourceFinalizer) === true;
}

/** Snapshots that are held and let go, one change at a time: what is let go must not be held just before. */
export class HeldSnapshots {
  readonly #client: Client;
  readonly #lock = new KeyLock<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Puts the finalizer on the snapshot that was read, unless that is being deleted.
   * @throws ApiStatusError
   */
  hold({ metadata }: VolumeSnapshot, signal: AbortSignal): Promise<'held' | 'deleted'> {
    return this.#lock.run(`${metadata.namespace}/${metadata.name}`, async () => {
      const snapshot = await this.#client.get(volumeSnapshots, metadata, { signal });
      // Another one of the name may be held for others.
      if (snapshot.metadata.uid !== metadata.uid) return 'deleted';
      if (isHeld(snapshot)) return 'held';
      if (snapshot.metadata.deletionTimestamp) return 'deleted';
      const finalizers = [...(snapshot.metadata.finalizers ?? []), restoreSourceFinalizer];
      const held = { ...snapshot, metadata: { ...snapshot.metadata, finalizers } };
      await this.#client.update(volumeSnapshots, held, { signal });
      return 'held';
    });
  }

  /** Takes the finalizer off unless somebody needs it, which is asked while nobody can put it on. */
  letGo(
    key: string,
    isNeeded: (snapshot: VolumeSnapshot) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<'gone' | 'kept'> {
    return this.#lock.run(key, async () => {
      try {
        const [namespace = '', name = ''] = key.split('/');
        const snapshot = await this.#client.get(volumeSnapshots, { namespace, name }, { signal });
        if (!isHeld(snapshot)) return 'gone';
        if (await isNeeded(snapshot)) return 'kept';
        const finalizers = snapshot.metadata.finalizers?.filter((held) => held !== restoreSourceFinalizer) ?? [];
        const released = { ...snapshot, metadata: { ...snapshot.metadata, finalizers } };
        await this.#client.update(volumeSnapshots, released, { signal });
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
      return 'gone';
    });
  }
}
