/** Watches that what a volume is filled from is there as long as the volume may be being made. */
import { keyOf, type PersistentVolumeClaim, persistentVolumeClaims, persistentVolumes } from '../../src/api/index.ts';
import type { ControlPlane } from '../integration/support/control-plane.ts';
import type { Call } from '../integration/support/fake-driver.ts';

export class SourceJudge {
  readonly #plane: ControlPlane;
  readonly #violate: (id: string, what: string) => void;
  /** The claims that the driver was asked for, with what they are filled from; by uid. */
  readonly #inMaking = new Map<string, { readonly claim: string; readonly kind: string; readonly volumeId?: string }>();

  constructor(plane: ControlPlane, violate: (id: string, what: string) => void) {
    this.#plane = plane;
    this.#violate = violate;
    plane.informers.informer(persistentVolumeClaims).addHandler({
      onUpdate: (_previous, claim) => {
        if (claim.status?.phase === 'Bound') this.#inMaking.delete(claim.metadata.uid);
      },
      onDelete: (claim) => this.#inMaking.delete(claim.metadata.uid),
    });
  }

  /** A call is about to take effect. */
  onCall({ method, subject }: Call): void {
    if (method === 'CreateVolume') this.#onCreation(subject);
    for (const { claim, kind, volumeId } of this.#inMaking.values()) {
      if (method === 'DeleteVolume' && volumeId === subject)
        this.#violate('rel-C10', `${subject} is deleted while ${claim} is being filled from it`);
      if (method === 'DeleteSnapshot' && kind === 'VolumeSnapshot')
        this.#violate('rel-C10', `${subject} is deleted while ${claim} is being restored`);
    }
  }

  #onCreation(name: string): void {
    const claims = this.#plane.informers.informer(persistentVolumeClaims);
    const claim = claims.list().find(({ metadata }) => name === `pvc-${metadata.uid}`);
    const source = claim?.spec.dataSource;
    if (!claim || !source || claim.status?.phase === 'Bound') return;
    const entry = { claim: keyOf(claim), kind: source.kind };
    const from = claims.get(`${claim.metadata.namespace}/${source.name}`);
    const volumeId = source.kind === 'PersistentVolumeClaim' ? this.#volumeIdOf(from) : undefined;
    // Asked again after the source has lost its object: what it was is known.
    const known = this.#inMaking.get(claim.metadata.uid);
    this.#inMaking.set(claim.metadata.uid, volumeId === undefined ? (known ?? entry) : { ...entry, volumeId });
  }

  #volumeIdOf(claim: PersistentVolumeClaim | undefined): string | undefined {
    const volume = this.#plane.informers.informer(persistentVolumes).get(claim?.spec.volumeName ?? '');
    return volume?.spec.csi?.volumeHandle;
  }
}
