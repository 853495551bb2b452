/**
 * Places pods where their volumes can be, and sees to it that the volumes are bound before the pod is: assumes
 * bindings in memory at Reserve, writes them at PreBind and waits, woken by changes, until all are bound. A volume is
 * never assumed for two claims, and a pod's volumes are assumed all or none.
 */
import {
  type CSIDriver,
  type CSINode,
  type CSIStorageCapacity,
  isNotFound,
  keyOf,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
} from '../../../api/index.ts';
import { type Clock, messageOf } from '../../../base/index.ts';
import type { Client, Informer, Lister } from '../../../client/index.ts';
import type { ClusterEventWithHint, CycleState, NodeInfo, Plugin, PreFilterResult } from '../../framework/plugin.ts';
import { type Status, skip, success, unresolvable } from '../../framework/status.ts';
import {
  findPodVolumes,
  type NodeVolumes,
  type PodToPlace,
  preparePod,
  reasons,
  type VolumeSource,
} from './find-volumes.ts';
import { volumeBindingEvents } from './hints.ts';
import { type ClaimSource, podClaims } from './pod-claims.ts';
import { type Assumed, assumeVolumes, releaseVolumes, type VolumeCaches, writeVolumes } from './reserve-volumes.ts';
import { scoreVolumes, type UtilizationShapePoint } from './scorer.ts';
import { addVolumeIndexes, createVolumeSource } from './volume-source.ts';
import { BindingError, BindingWait } from './wait-for-bindings.ts';

const pluginName = 'VolumeBinding';

/** What one attempt knows about the volumes of its pod. */
interface PodVolumes {
  readonly toPlace: PodToPlace;
  readonly byNode: Map<string, NodeVolumes>;
  /** What Reserve has assumed, for Unreserve and PreBind. */
  assumed?: Assumed;
}

export interface VolumeBindingOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
  readonly drivers: Lister<CSIDriver>;
  readonly csiNodes: Lister<CSINode>;
  readonly capacities: Informer<CSIStorageCapacity>;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  /** Over the claims and volumes above. */
  readonly caches: VolumeCaches;
  /** How long PreBind waits for the claims. Upstream's bindTimeoutSeconds: 600. */
  readonly bindTimeoutMs: number;
  /** Turns scoring on (StorageCapacityScoring). */
  readonly shape?: readonly UtilizationShapePoint[] | undefined;
}

export class VolumeBinding implements Plugin {
  readonly name = pluginName;
  readonly events: readonly ClusterEventWithHint[];
  readonly #options: VolumeBindingOptions;
  readonly #caches: VolumeCaches;
  readonly #claimSource: ClaimSource;
  readonly #volumeSource: VolumeSource;
  readonly #wait: BindingWait;

  constructor(options: VolumeBindingOptions) {
    this.#options = options;
    const { clock, claims, volumes, nodes, pods, bindTimeoutMs } = options;
    addVolumeIndexes(options);
    this.#caches = options.caches;
    this.#claimSource = {
      claim: (namespace, name) => this.#caches.claims.get(`${namespace}/${name}`),
      class: (name) => options.classes.get(name),
    };
    this.#volumeSource = createVolumeSource(options, this.#caches.volumes);
    const view = {
      node: (name: string) => nodes.get(name),
      pod: (key: string) => pods.get(key),
      claim: (key: string) => claims.get(key),
      volume: (name: string) => volumes.get(name),
      isAssumed: (object: PersistentVolume | PersistentVolumeClaim) =>
        this.#caches[object.kind === 'PersistentVolume' ? 'volumes' : 'claims'].isAssumed(keyOf(object)),
      onNode: this.#volumeSource.onNode,
    };
    this.#wait = new BindingWait({ clock, claims, volumes, nodes, pods, view, timeoutMs: bindTimeoutMs });
    this.events = volumeBindingEvents(claims);
  }

  preFilter(state: CycleState, pod: Pod): PreFilterResult {
    if (!pod.spec.volumes?.length) return { status: skip };
    const claims = podClaims(pod, this.#claimSource);
    if ('problem' in claims) return { status: unresolvable(claims.problem) };
    if (claims.immediate.length > 0) {
      state.write('waitsForClaims', true);
      return { status: unresolvable('pod has unbound immediate PersistentVolumeClaims') };
    }
    if (claims.bound.length + claims.delayed.length === 0) return { status: skip };
    const toPlace = preparePod(claims, this.#volumeSource);
    state.write(pluginName, { toPlace, byNode: new Map() } satisfies PodVolumes);
    return { status: success };
  }

  filter(state: CycleState, _pod: Pod, node: NodeInfo): Status {
    const podVolumes = state.read<PodVolumes>(pluginName);
    if (!podVolumes) return success;
    const result = findPodVolumes(podVolumes.toPlace, node.node, this.#volumeSource);
    if (result.kind === 'refused') return refusalOf(result.reasons);
    podVolumes.byNode.set(node.name, result.volumes);
    return success;
  }

  preScore(state: CycleState): Status {
    return this.#options.shape && state.read(pluginName) ? success : skip;
  }

  score(state: CycleState, _pod: Pod, node: NodeInfo): number {
    const volumes = state.read<PodVolumes>(pluginName)?.byNode.get(node.name);
    return volumes && this.#options.shape ? scoreVolumes(this.#options.shape, volumes) : 0;
  }

  reserve(state: CycleState, _pod: Pod, node: Node): Status {
    const podVolumes = state.read<PodVolumes>(pluginName);
    const found = podVolumes?.byNode.get(node.metadata.name);
    if (!podVolumes || !found) return success;
    const assumed = assumeVolumes(found, node.metadata.name, this.#caches);
    if (!assumed) return unresolvable('volumes changed while the pod was being placed');
    podVolumes.assumed = assumed;
    return success;
  }

  unreserve(state: CycleState): void {
    const podVolumes = state.read<PodVolumes>(pluginName);
    if (!podVolumes?.assumed) return;
    for (const open of releaseVolumes(podVolumes.assumed, this.#caches)) this.#wait.wake(open);
    delete podVolumes.assumed;
  }

  async preBind(state: CycleState, pod: Pod, node: Node, signal: AbortSignal): Promise<void> {
    const assumed = state.read<PodVolumes>(pluginName)?.assumed;
    if (!assumed || assumed.bindings.length + assumed.provisions.length === 0) return;
    const { bindings, provisions } = await writeVolumes(assumed, this.#options.client, signal).catch(explainLoss);
    await this.#wait.untilBound({ pod, nodeName: node.metadata.name, bindings, provisions }, signal);
  }
}

const refusals = new Map(Object.values(reasons).map((reason) => [reason as string, unresolvable(reason)]));

/** Most refusals have one reason, and there is one for each node. */
function refusalOf(told: readonly string[]): Status {
  const [reason = ''] = told;
  return (told.length === 1 ? refusals.get(reason) : undefined) ?? unresolvable(...told);
}

/** A volume or claim that is gone is no sign that the pod is, so it is not told as what the API server said. */
function explainLoss(thrown: unknown): never {
  throw isNotFound(thrown) ? new BindingError(messageOf(thrown), { cause: thrown }) : thrown;
}
