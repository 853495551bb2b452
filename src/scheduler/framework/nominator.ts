/**
 * Pods that wait for room on a node that preemption is making for them. Others of lower priority must not take it.
 */
import type { Pod } from '../../api/index.ts';
import { type PodInfo, podInfoOf } from '../cache/pod-info.ts';

const none: readonly PodInfo[] = [];

export class Nominator {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  /** Promises the node to the pod, in place of any other. */
  add(pod: Pod, nodeName: string): void {
    this.remove(pod.metadata.uid);
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>();
    pods.set(pod.metadata.uid, podInfoOf(pod));
    this.#byNode.set(nodeName, pods);
    this.#nodeOf.set(pod.metadata.uid, nodeName);
  }

  remove(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(pod: Pod): string | undefined {
    return this.#nodeOf.get(pod.metadata.uid);
  }

  /** The other pods promised the node that are at least as important as the pod. */
  podsFor(nodeName: string, pod: Pod): readonly PodInfo[] {
    const pods = this.#byNode.size > 0 ? this.#byNode.get(nodeName) : undefined;
    if (!pods) return none;
    const { priority } = podInfoOf(pod);
    return [...pods.values()].filter((other) => other.uid !== pod.metadata.uid && other.priority >= priority);
  }

  /** The pods promised the node that are less important than the pod. */
  lowerThan(pod: Pod, nodeName: string): readonly PodInfo[] {
    const { priority } = podInfoOf(pod);
    return [...(this.#byNode.get(nodeName)?.values() ?? [])].filter((other) => other.priority < priority);
  }
}
