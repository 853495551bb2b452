/** Why each node was refused: those that were looked at by name, all others by one status. Upstream: NodeToStatus. */
import type { NodeInfo } from '../cache/node-info.ts';
import { isRejected, type Status, unresolvable } from './status.ts';

export class NodeStatuses {
  readonly #byNode = new Map<string, Status>();
  #absent: Status;

  constructor(absent: Status = unresolvable()) {
    this.#absent = absent;
  }

  set(nodeName: string, status: Status): void {
    this.#byNode.set(nodeName, status);
  }

  /** The status of a node; of one that was not looked at, that of all such nodes. */
  get(nodeName: string): Status {
    return this.#byNode.get(nodeName) ?? this.#absent;
  }

  setAbsent(status: Status): void {
    this.#absent = status;
  }

  /** The nodes that removing pods might help. */
  unschedulable(nodes: readonly NodeInfo[]): NodeInfo[] {
    if (this.#absent.code !== 'unschedulable' && this.#byNode.size === 0) return [];
    return nodes.filter(({ name }) => this.get(name).code === 'unschedulable');
  }

  /** Why the first so many nodes that were looked at were refused. */
  reasonsByNode(limit: number): Readonly<Record<string, readonly string[]>> {
    const first = [...this.#byNode].slice(0, limit);
    return Object.fromEntries(first.map(([name, status]) => [name, isRejected(status) ? status.reasons : []]));
  }

  /** How many of so many nodes give each reason, as text sorted as text: `1 Insufficient cpu`. */
  histogram(nodeCount: number): string[] {
    const counts = new Map<string, number>();
    const count = (status: Status, times: number) => {
      if (!isRejected(status)) return;
      for (const reason of status.reasons) counts.set(reason, (counts.get(reason) ?? 0) + times);
    };
    for (const status of this.#byNode.values()) count(status, 1);
    if (this.#byNode.size < nodeCount) count(this.#absent, nodeCount - this.#byNode.size);
    return [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
  }
}
