/**
 * The requests for volumes that are under way: once CreateVolume was called for a claim, every further call is the
 * same, whatever becomes of the class, the nodes, the selected node or the source, until the driver's answer is final.
 * The claim carries the request as well, see signed-request.ts: what a process before this one began is taken over.
 */
import type { SecretReference, StorageClass } from '../../api/index.ts';
import type { ControllerClient } from '../../csi/index.ts';

/** Everything that is sent but the values of the secret. */
export type CreateRequest = Omit<Parameters<ControllerClient['createVolume']>[0], '$typeName' | 'name' | 'secrets'> & {
  readonly name: string;
};

export interface Attempt {
  /** As it was when the volume was first asked for. */
  readonly class: StorageClass;
  /** The same in the words of the driver. */
  readonly driverClass: StorageClass;
  readonly fsType: string;
  readonly requiredBytes: bigint;
  readonly request: CreateRequest;
  /** The secret that volumes are created and deleted with. */
  readonly secret: SecretReference | undefined;
}

export class Attempts {
  readonly #byClaim = new Map<string, Attempt>();
  /** Uids of claims by the volume ids that were made for them, and the other way round. */
  readonly #claimOf = new Map<string, string>();
  readonly #volumeIdOf = new Map<string, string>();
  /** Uids of claims by the id of the volume that theirs is filled from. */
  readonly #clonesOf = new Map<string, Set<string>>();
  /** By uid of the claim, the text (its beginning) of an attempt that has ended: caches may still show it. */
  readonly #endedTexts = new Map<string, string>();

  /** Whether a volume may be being filled from the one with the id. */
  isCloning(volumeId: string): boolean {
    return this.#clonesOf.has(volumeId);
  }

  get(claimUid: string): Attempt | undefined {
    return this.#byClaim.get(claimUid);
  }

  /** The volume is about to be asked for. */
  begin(claimUid: string, attempt: Attempt): void {
    this.#byClaim.set(claimUid, attempt);
    this.#endedTexts.delete(claimUid);
    const from = clonedVolumeOf(attempt);
    if (from === undefined) return;
    const clones = this.#clonesOf.get(from) ?? new Set();
    this.#clonesOf.set(from, clones.add(claimUid));
  }

  /** Whether the volume id was not given for another claim whose attempt is under way. */
  takeVolumeId(claimUid: string, volumeId: string): boolean {
    const holder = this.#claimOf.get(volumeId) ?? claimUid;
    if (holder !== claimUid) return false;
    this.#claimOf.set(volumeId, claimUid);
    this.#volumeIdOf.set(claimUid, volumeId);
    return true;
  }

  /** The text that a claim is seen with tells of an attempt that has ended. */
  hasEnded(claimUid: string, text: string): boolean {
    return this.#endedTexts.get(claimUid) === beginningOf(text);
  }

  /** The claim is gone, or has its volume and carries no text any more. */
  forgetEnded(claimUid: string): void {
    this.#endedTexts.delete(claimUid);
  }

  /** The attempt has ended: the next, if any, may ask for something else. */
  end(claimUid: string, text?: string): void {
    if (text !== undefined) this.#endedTexts.set(claimUid, beginningOf(text));
    const attempt = this.#byClaim.get(claimUid);
    if (attempt) this.#endClone(claimUid, attempt);
    this.#byClaim.delete(claimUid);
    const volumeId = this.#volumeIdOf.get(claimUid);
    if (volumeId === undefined) return;
    this.#volumeIdOf.delete(claimUid);
    this.#claimOf.delete(volumeId);
  }

  #endClone(claimUid: string, attempt: Attempt): void {
    const from = clonedVolumeOf(attempt) ?? '';
    const clones = this.#clonesOf.get(from);
    clones?.delete(claimUid);
    if (clones?.size === 0) this.#clonesOf.delete(from);
  }
}

function clonedVolumeOf({ request }: Attempt): string | undefined {
  const from = request.volumeContentSource?.type;
  return from?.case === 'volume' ? from.value?.volumeId : undefined;
}

/** Enough to tell one from the other: the signature. A copy, so that the rest of a long text is not kept with it. */
function beginningOf(text: string): string {
  return Buffer.from(text.slice(0, 43)).toString();
}
