/**
 * Places pods where their volumes can be, and sees to it that the volumes are bound before the pod is: assumes
 * bindings in memory at Reserve, writes them at PreBind and waits, woken by the claims' changes, until all are bound.
 * A volume is never assumed for two claims, and a pod's volumes are assumed all or none.
 */
import {
  type CSIDriver,
  type CSIStorageCapacity,
  keyOf,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
} from '../../../api/index.ts';
import type { Clock } from '../../../base/index.ts';
import type { Client, Informer, Lister } from '../../../client/index.ts';
import {
  annBindCompleted,
  annSelectedNode,
  getBindVolumeToClaim,
  getVolumeClass,
  volumeMatchesNode,
} from '../../../component-helpers/index.ts';
import { AssumeCache } from '../../cache/assume-cache.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { type CycleState, on, type Plugin, type PreFilterResult } from '../../framework/plugin.ts';
import { type Status, skip, success, unresolvable } from '../../framework/status.ts';
import { type Binding, findPodVolumes, type NodeVolumes, type VolumeSource } from './find-volumes.ts';
import { type ClaimSource, type PodClaims, podClaims } from './pod-claims.ts';
import { BindingError, BindingWait } from './wait-for-bindings.ts';

const pluginName = 'VolumeBinding';
const classIndex = 'scheduler/class';

interface PodVolumes {
  readonly claims: PodClaims;
  readonly byNode: Map<string, NodeVolumes>;
  /** What Reserve has assumed, for Unreserve and PreBind. */
  assumed?: NodeVolumes;
}

export interface VolumeBindingOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
  readonly drivers: Lister<CSIDriver>;
  readonly capacities: Informer<CSIStorageCapacity>;
  readonly nodes: Lister<Node>;
  /** How long PreBind waits for the claims. Upstream's bindTimeoutSeconds: 600. */
  readonly bindTimeoutMs: number;
}

export class VolumeBinding implements Plugin {
  readonly name = pluginName;
  readonly events = [
    ...on(['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate', 'PersistentVolumeAdd', 'PersistentVolumeUpdate']),
    ...on(['StorageClassAdd', 'StorageClassUpdate', 'NodeAdd', 'UpdateNodeLabel', 'CSINodeAdd', 'CSINodeUpdate']),
    ...on(['CSIDriverAdd', 'CSIDriverUpdate', 'CSIDriverDelete', 'CSIStorageCapacityAdd', 'CSIStorageCapacityUpdate']),
  ];
  readonly #options: VolumeBindingOptions;
  readonly #claims: AssumeCache<PersistentVolumeClaim>;
  readonly #volumes: AssumeCache<PersistentVolume>;
  readonly #claimSource: ClaimSource;
  readonly #volumeSource: VolumeSource;
  readonly #wait: BindingWait;

  constructor(options: VolumeBindingOptions) {
    this.#options = options;
    options.volumes.addIndex(classIndex, (volume) => [getVolumeClass(volume)]);
    options.capacities.addIndex(classIndex, (capacity) => [capacity.storageClassName]);
    this.#claims = new AssumeCache(options.claims);
    this.#volumes = new AssumeCache(options.volumes);
    this.#wait = new BindingWait(options.clock, options.claims, options.bindTimeoutMs);
    const volumeClass = (name: string) => options.classes.get(name);
    this.#claimSource = { claim: (namespace, name) => this.#claims.get(`${namespace}/${name}`), class: volumeClass };
    this.#volumeSource = {
      volume: (name) => this.#volumes.get(name),
      volumesOfClass: (className) => this.#volumes.byIndex(classIndex, className),
      class: volumeClass,
      checksCapacity: (driver) => options.drivers.get(driver)?.spec.storageCapacity === true,
      capacities: (className) => options.capacities.byIndex(classIndex, className),
    };
  }

  preFilter(state: CycleState, pod: Pod): PreFilterResult {
    const claims = podClaims(pod, this.#claimSource);
    if ('problem' in claims) return { status: unresolvable(claims.problem) };
    if (claims.immediate.length > 0) {
      state.write('waitsForClaims', true);
      return { status: unresolvable('pod has unbound immediate PersistentVolumeClaims') };
    }
    if (claims.bound.length + claims.delayed.length === 0) return { status: skip };
    state.write(pluginName, { claims, byNode: new Map() } satisfies PodVolumes);
    return { status: success };
  }

  filter(state: CycleState, _pod: Pod, node: NodeInfo): Status {
    const podVolumes = state.read<PodVolumes>(pluginName);
    if (!podVolumes) return success;
    const result = findPodVolumes(podVolumes.claims, node.node, this.#volumeSource);
    if (result.kind === 'refused') return unresolvable(...result.reasons);
    podVolumes.byNode.set(node.name, result.volumes);
    return success;
  }

  reserve(state: CycleState, _pod: Pod, node: Node): Status {
    const podVolumes = state.read<PodVolumes>(pluginName);
    const found = podVolumes?.byNode.get(node.metadata.name);
    if (!podVolumes || !found) return success;
    const bindings: Binding[] = [];
    for (const { claim, volume } of found.bindings) {
      const bound = getBindVolumeToClaim(volume, claim);
      bindings.push({ claim, volume: bound.volume });
    }
    const provisions = found.provisions.map((claim) => withSelectedNode(claim, node.metadata.name));
    for (const { volume } of bindings) this.#volumes.assume(volume);
    for (const claim of provisions) this.#claims.assume(claim);
    podVolumes.assumed = { bindings, provisions };
    return success;
  }

  unreserve(state: CycleState): void {
    const podVolumes = state.read<PodVolumes>(pluginName);
    for (const { volume } of podVolumes?.assumed?.bindings ?? []) this.#volumes.restore(keyOf(volume));
    for (const claim of podVolumes?.assumed?.provisions ?? []) this.#claims.restore(keyOf(claim));
    if (podVolumes) delete podVolumes.assumed;
  }

  async preBind(state: CycleState, _pod: Pod, node: Node, signal: AbortSignal): Promise<void> {
    const assumed = state.read<PodVolumes>(pluginName)?.assumed;
    if (!assumed || assumed.bindings.length + assumed.provisions.length === 0) return;
    const { client } = this.#options;
    const selectedAt = new Map<string, number>();
    // One after the other: a refusal of the first leaves the later ones unwritten.
    for (const { volume } of assumed.bindings) {
      if (this.#volumes.confirmed(keyOf(volume)) !== volume) await client.update(persistentVolumes, volume, { signal });
    }
    for (const claim of assumed.provisions) {
      const written = await client.update(persistentVolumeClaims, claim, { signal });
      selectedAt.set(claim.metadata.uid, Number(written.metadata.resourceVersion));
    }
    const claims = [...assumed.bindings.map(({ claim }) => claim), ...assumed.provisions];
    await this.#wait.untilBound(claims, (claim) => this.#isBound(claim, node, selectedAt), signal);
  }

  /** Whether the claim is bound to a volume that the node can have; throws when it no longer will be. */
  #isBound(claim: PersistentVolumeClaim, node: Node, selectedAt: ReadonlyMap<string, number>): boolean {
    const { name, uid, resourceVersion, annotations: notes, deletionTimestamp } = claim.metadata;
    if (!this.#options.nodes.get(node.metadata.name)) {
      throw new BindingError(`node "${node.metadata.name}" was deleted`);
    }
    if (deletionTimestamp) throw new BindingError(`persistentvolumeclaim "${name}" is being deleted`);
    const writtenAt = selectedAt.get(uid);
    if (writtenAt !== undefined && Number(resourceVersion) >= writtenAt) {
      // Whoever provisions takes the annotation away to have the pod placed anew.
      if (notes?.[annSelectedNode] === undefined) {
        throw new BindingError(`provisioning failed for PVC "${name}"`);
      }
    }
    if (!claim.spec.volumeName || notes?.[annBindCompleted] === undefined) return false;
    const volume = this.#volumes.get(claim.spec.volumeName);
    if (!volume) return false;
    if (!volumeMatchesNode(volume, node)) {
      throw new BindingError(`pv "${volume.metadata.name}" node affinity doesn't match node "${node.metadata.name}"`);
    }
    return true;
  }
}

function withSelectedNode(claim: PersistentVolumeClaim, nodeName: string): PersistentVolumeClaim {
  const notes = { ...claim.metadata.annotations, [annSelectedNode]: nodeName };
  return { ...claim, metadata: { ...claim.metadata, annotations: notes } };
}
