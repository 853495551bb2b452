/**
 * What was worked out from each node and its pods, until one of them changes. Pods of one workload ask the same of
 * every node one after the other, and between two of them a single node has changed.
 */
import type { NodeInfo } from '../cache/node-info.ts';

interface Entry<T> {
  readonly generation: number;
  readonly answer: T;
}

/** Questions remembered at a time; more workloads than this are seldom scaled up together. */
const questionLimit = 32;

export class NodeMemo<T> {
  /** The question asked least recently comes first. */
  readonly #answers = new Map<string, WeakMap<NodeInfo, Entry<T>>>();

  /** A function that answers like `answer` and remembers. `question` must tell all that the answer depends on. */
  about(question: string, answer: (node: NodeInfo) => T): (node: NodeInfo) => T {
    const known = this.#answers.get(question) ?? new WeakMap<NodeInfo, Entry<T>>();
    this.#answers.delete(question);
    this.#answers.set(question, known);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= questionLimit) break;
      this.#answers.delete(oldest);
    }
    return (node) => {
      const entry = known.get(node);
      if (entry?.generation === node.generation) return entry.answer;
      const fresh = answer(node);
      known.set(node, { generation: node.generation, answer: fresh });
      return fresh;
    };
  }
}
