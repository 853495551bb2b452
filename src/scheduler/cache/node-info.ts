import type { Node, Pod } from '../../api/index.ts';
import { milliValue, podRequests, type ResourceAmounts } from './resources.ts';

/** A node with what runs on it or is about to. Owned by the scheduler cache; plugins only read. */
export class NodeInfo {
  node: Node;
  /** Pods bound to the node or assumed to be, by uid. */
  readonly pods = new Map<string, Pod>();
  /** The sum of their requests, in milli-units per resource. */
  readonly requested = new Map<string, number>();
  allocatable: ResourceAmounts;

  constructor(node: Node) {
    this.node = node;
    this.allocatable = allocatableOf(node);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = allocatableOf(node);
  }

  addPod(pod: Pod): void {
    this.removePod(pod.metadata.uid);
    this.pods.set(pod.metadata.uid, pod);
    this.#count(pod, 1);
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid);
    if (!pod) return;
    this.pods.delete(uid);
    this.#count(pod, -1);
  }

  #count(pod: Pod, sign: 1 | -1): void {
    for (const [resource, amount] of podRequests(pod)) {
      this.requested.set(resource, (this.requested.get(resource) ?? 0) + sign * amount);
    }
  }
}

function allocatableOf(node: Node): ResourceAmounts {
  const amounts = new Map<string, number>();
  for (const [resource, quantity] of Object.entries(node.status?.allocatable ?? {})) {
    amounts.set(resource, milliValue(quantity));
  }
  return amounts;
}
