/**
 * The nodes and what is on them: pods bound by anybody, and pods this scheduler has placed but whose binding the API
 * has not shown yet (assumed). An assumed pod counts until it is confirmed by the informer or forgotten.
 */
import type { Node, Pod } from '../../api/index.ts';
import { NodeInfo } from './node-info.ts';

const terminalPhases: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods of nodes that the cache does not know yet, by node. */
  readonly #homeless = new Map<string, Map<string, Pod>>();
  readonly #nodeOfPod = new Map<string, string>();
  #snapshot: readonly NodeInfo[] | undefined;

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known) {
      known.setNode(node);
      return;
    }
    const info = new NodeInfo(node);
    for (const pod of this.#homeless.get(info.name)?.values() ?? []) info.addPod(pod);
    this.#homeless.delete(info.name);
    this.#nodes.set(info.name, info);
    this.#snapshot = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    if (info.pods.size > 0) this.#homeless.set(name, new Map(info.pods));
    this.#nodes.delete(name);
    this.#snapshot = undefined;
  }

  /** Records a pod that has a node: bound, or assumed by this scheduler. */
  setPod(pod: Pod): void {
    const uid = pod.metadata.uid;
    const nodeName = pod.spec.nodeName;
    const before = this.#nodeOfPod.get(uid);
    if (before !== undefined && before !== nodeName) this.removePod(uid);
    if (!nodeName) return;
    if (terminalPhases.has(pod.status?.phase ?? '')) {
      this.removePod(uid);
      return;
    }
    this.#nodeOfPod.set(uid, nodeName);
    const info = this.#nodes.get(nodeName);
    if (info) {
      info.addPod(pod);
      return;
    }
    const waiting = this.#homeless.get(nodeName) ?? new Map<string, Pod>();
    waiting.set(uid, pod);
    this.#homeless.set(nodeName, waiting);
  }

  removePod(uid: string): void {
    const nodeName = this.#nodeOfPod.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOfPod.delete(uid);
    this.#nodes.get(nodeName)?.removePod(uid);
    const waiting = this.#homeless.get(nodeName);
    waiting?.delete(uid);
    if (waiting?.size === 0) this.#homeless.delete(nodeName);
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  get nodes(): readonly NodeInfo[] {
    this.#snapshot ??= [...this.#nodes.values()];
    return this.#snapshot;
  }
}
