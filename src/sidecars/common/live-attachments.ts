/**
 * Asks the API server which nodes a volume is attached to. No selector finds the attachments of one volume, so one list
 * answers everybody who asked before it began; there is one at a time, however many volumes are being deleted.
 */
import { type VolumeAttachment, volumeAttachments } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';

type ByVolume = ReadonlyMap<string, readonly VolumeAttachment[]>;

export class LiveAttachments {
  readonly #client: Client;
  /** The read under way, whatever becomes of it. */
  #current: Promise<unknown> = Promise.resolve();
  /** The read after it. */
  #next: Promise<ByVolume> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** The attachments of the volume, from a read that begins after the call. */
  async of(volumeName: string, signal: AbortSignal): Promise<readonly VolumeAttachment[]> {
    this.#next ??= this.#readAfter(this.#current, signal);
    return (await this.#next).get(volumeName) ?? [];
  }

  async #readAfter(current: Promise<unknown>, signal: AbortSignal): Promise<ByVolume> {
    await current;
    // From here on who asks is too late for this read.
    this.#next = undefined;
    const read = this.#client.list(volumeAttachments, { signal });
    this.#current = read.catch(() => {});
    const { items } = await read;
    return Map.groupBy(
      items.filter(({ spec }) => spec.source.persistentVolumeName !== undefined),
      ({ spec }) => spec.source.persistentVolumeName ?? '',
    );
  }
}
