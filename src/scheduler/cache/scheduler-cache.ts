/**
 * The nodes and what is on them: pods bound by anybody, and pods this scheduler has placed but whose binding the API
 * has not shown yet (assumed). An assumed pod counts until it is confirmed by the informer or forgotten.
 */
import type { Node, Pod } from '../../api/index.ts';
import { isPodPhaseTerminal } from '../../component-helpers/index.ts';
import { NodeInfo } from './node-info.ts';
import { interleaveZones } from './node-order.ts';
import { type PodInfo, podInfoOf } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import { Tally } from './tally.ts';

export class SchedulerCache implements Snapshot {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods of nodes that the cache does not know yet, by node. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOfPod = new Map<string, string>();
  readonly #claims = new Tally();
  readonly #images = new Tally();
  readonly #withAffinity = new Set<NodeInfo>();
  readonly #withAntiAffinity = new Set<NodeInfo>();
  #ordered: readonly NodeInfo[] | undefined;
  #affinityList: readonly NodeInfo[] | undefined;
  #antiAffinityList: readonly NodeInfo[] | undefined;

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    const info = known ?? new NodeInfo(node);
    if (known) {
      for (const name of known.images.keys()) this.#images.remove(name);
      known.setNode(node);
    } else {
      for (const pod of this.#homeless.get(info.name)?.values() ?? []) this.#put(info, pod);
      this.#homeless.delete(info.name);
      this.#nodes.set(info.name, info);
    }
    for (const name of info.images.keys()) this.#images.add(name);
    this.#ordered = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    for (const image of info.images.keys()) this.#images.remove(image);
    if (info.pods.size > 0) this.#homeless.set(name, new Map(info.pods));
    for (const uid of [...info.pods.keys()]) this.#take(info, uid);
    this.#nodes.delete(name);
    this.#ordered = undefined;
  }

  /** Records a pod that has a node: bound, or assumed by this scheduler. */
  setPod(pod: Pod): void {
    const uid = pod.metadata.uid;
    const nodeName = pod.spec.nodeName;
    const before = this.#nodeOfPod.get(uid);
    if (before !== undefined && (before !== nodeName || isPodPhaseTerminal(pod))) this.removePod(uid);
    if (!nodeName || isPodPhaseTerminal(pod)) return;
    this.#nodeOfPod.set(uid, nodeName);
    const info = this.#nodes.get(nodeName);
    if (info) {
      this.#put(info, podInfoOf(pod));
      return;
    }
    const waiting = this.#homeless.get(nodeName) ?? new Map<string, PodInfo>();
    waiting.set(uid, podInfoOf(pod));
    this.#homeless.set(nodeName, waiting);
  }

  removePod(uid: string): void {
    const nodeName = this.#nodeOfPod.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOfPod.delete(uid);
    const info = this.#nodes.get(nodeName);
    if (info) this.#take(info, uid);
    const waiting = this.#homeless.get(nodeName);
    waiting?.delete(uid);
    if (waiting?.size === 0) this.#homeless.delete(nodeName);
  }

  /** Whether the pod has a node here: bound, or assumed. */
  has(uid: string): boolean {
    return this.#nodeOfPod.has(uid);
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  get nodes(): readonly NodeInfo[] {
    this.#ordered ??= interleaveZones(this.#nodes.values());
    return this.#ordered;
  }

  get nodesWithAffinity(): readonly NodeInfo[] {
    this.#affinityList ??= [...this.#withAffinity];
    return this.#affinityList;
  }

  get nodesWithRequiredAntiAffinity(): readonly NodeInfo[] {
    this.#antiAffinityList ??= [...this.#withAntiAffinity];
    return this.#antiAffinityList;
  }

  claimUsers(key: string): number {
    return this.#claims.count(key);
  }

  imageNodes(name: string): number {
    return this.#images.count(name);
  }

  #put(info: NodeInfo, pod: PodInfo): void {
    for (const key of info.pods.get(pod.uid)?.claimKeys ?? []) this.#claims.remove(key);
    info.addPod(pod);
    for (const key of pod.claimKeys) this.#claims.add(key);
    this.#noteAffinity(info);
  }

  #take(info: NodeInfo, uid: string): void {
    const pod = info.removePod(uid);
    for (const key of pod?.claimKeys ?? []) this.#claims.remove(key);
    this.#noteAffinity(info);
  }

  #noteAffinity(info: NodeInfo): void {
    if (setMembership(this.#withAffinity, info, info.podsWithAffinity.size > 0)) this.#affinityList = undefined;
    if (setMembership(this.#withAntiAffinity, info, info.podsWithRequiredAntiAffinity.size > 0)) {
      this.#antiAffinityList = undefined;
    }
  }
}

/** Whether that changed the set. */
function setMembership<T>(members: Set<T>, member: T, belongs: boolean): boolean {
  if (members.has(member) === belongs) return false;
  if (belongs) members.add(member);
  else members.delete(member);
  return true;
}
