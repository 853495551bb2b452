/** Watches every commit and every call to the driver for what must never happen. */
import {
  type CSIStorageCapacity,
  csiStorageCapacities,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../src/api/index.ts';
import type { ControlPlane } from '../integration/support/control-plane.ts';
import type { Call, FakeDriver } from '../integration/support/fake-driver.ts';
import { flexVolume } from '../integration/support/flex-backend.ts';
import type { Machine } from './machine/machine.ts';
import { NodeJudge } from './node-judge.ts';
import { SourceJudge } from './source-judge.ts';

/** A node as far as its mounts go: the names of the volumes that are mounted. */
interface MountingNode {
  readonly mounted: ReadonlyMap<string, readonly string[]>;
}

export class Judge {
  readonly violations: string[] = [];
  /** Nodes that are known to be dead: their volumes may be taken from them. */
  readonly fenced = new Set<string>();
  readonly #backend: FakeDriver;
  readonly #nodes: ReadonlyMap<string, MountingNode>;
  /** The names that volumes of claims may be made under: one for each claim there ever was. */
  readonly #volumeNames = new Set<string>();
  readonly #claims = new Map<string, PersistentVolumeClaim>();
  readonly #volumes = new Map<string, PersistentVolume>();
  /** The volume of each claim that was ever bound, by the claim's uid. */
  readonly #bindings = new Map<string, string>();

  /** What is done on nodes that are machines. */
  readonly nodes: NodeJudge;
  readonly #sources: SourceJudge;

  constructor(
    plane: ControlPlane,
    backend: FakeDriver,
    nodes: ReadonlyMap<string, MountingNode>,
    machines: ReadonlyMap<string, Machine>,
  ) {
    this.#backend = backend;
    this.#nodes = nodes;
    this.nodes = new NodeJudge({ plane, backend, machines, violate: (id, what) => this.violate(id, what) });
    this.#sources = new SourceJudge(plane, (id, what) => this.violate(id, what));
    plane.informers.informer(persistentVolumeClaims).addHandler({
      onAdd: (claim) => this.#onClaim(claim),
      onUpdate: (_previous, claim) => this.#onClaim(claim),
      onDelete: (claim) => this.#claims.delete(keyOf(claim)),
    });
    plane.informers.informer(persistentVolumes).addHandler({
      onAdd: (volume) => this.#onVolume(volume),
      onUpdate: (_previous, volume) => this.#onVolume(volume),
      onDelete: (volume) => this.#volumes.delete(volume.metadata.name),
    });
    plane.informers.informer(csiStorageCapacities).addHandler({
      onAdd: (capacity) => this.#onCapacity(capacity, plane.informers.informer(csiStorageCapacities).list()),
    });
  }

  #onClaim(claim: PersistentVolumeClaim): void {
    this.#claims.set(keyOf(claim), claim);
    this.#volumeNames.add(`pvc-${claim.metadata.uid}`);
    const { volumeName = '' } = claim.spec;
    if (claim.status?.phase !== 'Bound') return;
    const before = this.#bindings.get(claim.metadata.uid);
    if (before !== undefined && before !== volumeName)
      this.violate('rel-B2', `${keyOf(claim)} went from ${before} to ${volumeName}`);
    this.#bindings.set(claim.metadata.uid, volumeName);
  }

  #onVolume(volume: PersistentVolume): void {
    const { name } = volume.metadata;
    this.#volumes.set(name, volume);
    const uid = volume.spec.claimRef?.uid;
    if (!uid || volume.status?.phase !== 'Bound') return;
    for (const [other, { spec, status }] of this.#volumes)
      if (other !== name && spec.claimRef?.uid === uid && status?.phase === 'Bound')
        this.violate('rel-B1', `${name} and ${other} are both bound to ${spec.claimRef.name}`);
  }

  #onCapacity(
    { metadata, storageClassName, nodeTopology }: CSIStorageCapacity,
    all: readonly CSIStorageCapacity[],
  ): void {
    const topology = JSON.stringify(nodeTopology);
    const isSame = (other: CSIStorageCapacity) =>
      other.storageClassName === storageClassName && JSON.stringify(other.nodeTopology) === topology;
    const double = all.find((other) => other.metadata.uid !== metadata.uid && isSame(other));
    if (double) this.violate('rel-H5', `${metadata.name} and ${double.metadata.name} tell of the same`);
  }

  /** A call is about to take effect. */
  onCall(call: Call): void {
    this.#sources.onCall(call);
    const { method, subject } = call;
    const [volume = '', node = ''] = subject.split('@');
    if (method === 'ControllerPublishVolume' && !this.#isShared(volume)) {
      for (const place of this.#backend.published) {
        const [held, elsewhere = ''] = place.split('@');
        if (held === volume && elsewhere !== node && !this.fenced.has(elsewhere))
          this.violate('rel-D1', `${volume} goes to ${node} while ${elsewhere} has it`);
      }
    }
    if (method === 'ControllerUnpublishVolume' && !this.fenced.has(node) && this.#isMounted(volume, node))
      this.violate('rel-D2', `${volume} is taken from ${node}, which has it mounted`);
    if (method === 'CreateVolume' && !this.#volumeNames.has(subject))
      this.violate('rel-C1', `${subject} is made, which is the name of no claim's volume`);
    if (method === 'DeleteVolume') this.#onDeletion(volume);
  }

  /** The same of a FlexVolume driver, whose volumes are on one node at a time. */
  onFlexCall(
    command: string,
    {
      volume,
      node,
      attached,
    }: { readonly volume: string; readonly node: string; readonly attached: ReadonlySet<string> },
  ): void {
    for (const place of attached) {
      const isElsewhere = place.startsWith(`${volume}@`) && place !== `${volume}@${node}`;
      if (command === 'attach' && isElsewhere) this.violate('rel-D1', `${volume} goes to ${node} beside ${place}`);
    }
    const mounted = [...(this.#nodes.get(node)?.mounted.values() ?? [])].flat();
    if (command === 'detach' && mounted.includes(flexVolume(volume)))
      this.violate('rel-D2', `${volume} is taken from ${node}, which has it mounted`);
  }

  #volumeOf(handle: string): PersistentVolume | undefined {
    return [...this.#volumes.values()].find(({ spec }) => spec.csi?.volumeHandle === handle);
  }

  #isShared(handle: string): boolean {
    return this.#volumeOf(handle)?.spec.accessModes?.includes('ReadWriteMany') ?? false;
  }

  #onDeletion(handle: string): void {
    for (const place of this.#backend.published)
      if (place.startsWith(`${handle}@`)) this.violate('rel-C4', `${handle} is deleted while published at ${place}`);
    for (const node of this.#nodes.keys())
      if (this.#isMounted(handle, node)) this.violate('rel-C4', `${handle} is deleted while mounted on ${node}`);
    const volume = this.#volumeOf(handle);
    if (!volume) return;
    if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete')
      this.violate('rel-C5', `${handle} is deleted although its policy is not Delete`);
    for (const claim of this.#claims.values())
      if (claim.spec.volumeName === volume.metadata.name && claim.metadata.uid === volume.spec.claimRef?.uid)
        this.violate('rel-C4', `${handle} is deleted while ${keyOf(claim)} is bound to it`);
  }

  #isMounted(handle: string, node: string): boolean {
    const name = `kubernetes.io/csi/${this.#backend.name}^${handle}`;
    return [...(this.#nodes.get(node)?.mounted.values() ?? [])].some((names) => names.includes(name));
  }

  violate(id: string, what: string): void {
    this.violations.push(`${id}: ${what}`);
  }
}
