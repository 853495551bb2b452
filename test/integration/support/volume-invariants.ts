/** What must hold at every commit and at every call to the driver, whoever works on the cluster and however many. */
import type { KubernetesObject, Node, PersistentVolume, PersistentVolumeClaim } from '../../../src/api/index.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Call, FakeDriver } from './fake-driver.ts';
import type { FakeKubelet } from './fake-kubelet.ts';

export class VolumeInvariants {
  /** What was broken, with the revision at which it was. */
  readonly violations: string[] = [];
  /** What no single binder ever does. */
  readonly reservedTwice: string[] = [];
  readonly #claims = new Map<string, PersistentVolumeClaim>();
  readonly #volumes = new Map<string, PersistentVolume>();
  readonly #nodes = new Map<string, Node>();
  /** Uids of volumes by uid of the claim that was bound to them. */
  readonly #bound = new Map<string, string>();
  readonly #backend: FakeDriver;
  readonly #kubelets: ReadonlyMap<string, FakeKubelet>;

  private constructor(backend: FakeDriver, kubelets: ReadonlyMap<string, FakeKubelet>) {
    this.#backend = backend;
    this.#kubelets = kubelets;
  }

  static async watch(
    plane: ControlPlane,
    backend: FakeDriver,
    kubelets: ReadonlyMap<string, FakeKubelet>,
  ): Promise<VolumeInvariants> {
    const invariants = new VolumeInvariants(backend, kubelets);
    await plane.onCommit((events) => {
      for (const { key, revision, current } of events) invariants.#commit(key, revision, current);
    });
    backend.onCall = (call) => invariants.#begin(call);
    backend.onReply = (call) => invariants.#end(call);
    return invariants;
  }

  #commit(key: string, revision: number, current: KubernetesObject | undefined): void {
    const [kind = ''] = key.split('/');
    const states = { persistentvolumeclaims: this.#claims, persistentvolumes: this.#volumes, nodes: this.#nodes };
    const state = (states as Record<string, Map<string, KubernetesObject>>)[kind];
    if (!state) return;
    if (current) state.set(key, current);
    else state.delete(key);
    if (kind === 'nodes') return;
    for (const problem of this.#problems()) this.violations.push(`${revision} ${problem}`);
    for (const problem of this.doubleReservations()) this.reservedTwice.push(`${revision} ${problem}`);
  }

  *#problems(): Generator<string> {
    const volumesByName = new Map([...this.#volumes.values()].map((volume) => [volume.metadata.name, volume]));
    const named = new Map<string, string>();
    for (const claim of this.#claims.values()) {
      const { metadata, spec, status } = claim;
      if (status?.phase !== 'Bound') continue;
      const volume = volumesByName.get(spec.volumeName ?? '');
      if (volume?.spec.claimRef?.uid !== metadata.uid)
        yield `B1 ${metadata.name} is Bound to ${spec.volumeName}, which is ${volume?.spec.claimRef?.name}'s`;
      const other = named.get(spec.volumeName ?? '');
      if (other !== undefined) yield `B1 ${spec.volumeName} is named by ${other} and ${metadata.name}`;
      named.set(spec.volumeName ?? '', metadata.name);
      if (!volume) continue;
      const before = this.#bound.get(metadata.uid);
      if (before !== undefined && before !== volume.metadata.uid) yield `B2 ${metadata.name} has changed its volume`;
      this.#bound.set(metadata.uid, volume.metadata.uid);
    }
  }

  /**
   * Claims whose uid two volumes carry. The first write of a binding is the volume's: while two binders work, each may
   * have reserved a volume for one claim, until the claim names one of them and the other is given back.
   */
  *doubleReservations(): Generator<string> {
    const claimUids = new Set([...this.#claims.values()].map(({ metadata }) => metadata.uid));
    const holders = new Map<string, string>();
    for (const { metadata, spec } of this.#volumes.values()) {
      const uid = spec.claimRef?.uid;
      if (uid === undefined || !claimUids.has(uid)) continue;
      const other = holders.get(uid);
      if (other !== undefined) yield `B1 ${spec.claimRef?.name} is claimed by ${other} and ${metadata.name}`;
      holders.set(uid, metadata.name);
    }
  }

  #begin({ method, subject }: Call): void {
    if (method !== 'ControllerUnpublishVolume') return;
    const [volumeId = '', node = ''] = subject.split('@');
    const unique = `kubernetes.io/csi/${this.#backend.name}^${volumeId}`;
    const mounted = [...(this.#kubelets.get(node)?.mounted.values() ?? [])].flat();
    const inUse = this.#nodes.get(`nodes/${node}`)?.status?.volumesInUse ?? [];
    if (mounted.includes(unique)) this.violations.push(`D2 ${subject} is unpublished while it is mounted`);
    if (inUse.includes(unique)) this.violations.push(`D2 ${subject} is unpublished while it is in use`);
  }

  #end({ method, subject }: Call): void {
    if (method !== 'ControllerPublishVolume') return;
    const [volumeId = ''] = subject.split('@');
    const places = [...this.#backend.published].filter((place) => place.startsWith(`${volumeId}@`));
    if (places.length > 1) this.violations.push(`D1 ${places.join(' and ')} are published at once`);
  }
}
