/** How the pods that a DoNotSchedule constraint counts lie over its domains. Upstream: podtopologyspread/filtering.go. */
import type { Node, Pod } from '../../../api/index.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { type Status, success, unresolvable, unschedulable } from '../../framework/status.ts';
import {
  countsFor,
  hasAllTopologies,
  isIncluded,
  type PodCounter,
  type SpreadConstraint,
} from './spread-constraints.ts';

const constraintsNotMatch = "node(s) didn't match pod topology spread constraints";
const nodeLabelNotMatch = `${constraintsNotMatch} (missing required label)`;

interface Spread {
  readonly constraint: SpreadConstraint;
  /** Pods by value of the topology label, for each domain that has a node the pod could go to. */
  readonly domains: Map<string, number>;
  /** 1 when the constraint counts the pod itself. */
  readonly selfMatch: number;
  /** The smallest of the numbers; undefined when it must be looked up again. */
  lowest: number | undefined;
}

interface FilterInput {
  readonly pod: Pod;
  readonly constraints: readonly SpreadConstraint[];
  readonly counter: PodCounter;
}

export class FilterState {
  readonly #pod: Pod;
  readonly #constraints: readonly SpreadConstraint[];
  readonly #spreads: readonly Spread[];

  private constructor(pod: Pod, constraints: readonly SpreadConstraint[], spreads: readonly Spread[]) {
    this.#pod = pod;
    this.#constraints = constraints;
    this.#spreads = spreads;
  }

  static count({ pod, constraints, counter }: FilterInput, nodes: readonly NodeInfo[]): FilterState {
    const counts = constraints.map((constraint) => counter(constraint));
    const spreads = constraints.map((constraint) => ({
      constraint,
      domains: new Map<string, number>(),
      selfMatch: constraint.selector.matches(pod.metadata.labels) ? 1 : 0,
      lowest: undefined,
    }));
    for (const info of nodes) {
      const { labels } = info.node.metadata;
      if (!labels || !hasAllTopologies(labels, constraints)) continue;
      for (const [index, { constraint, domains }] of spreads.entries()) {
        if (!isIncluded(constraint, pod, info.node)) continue;
        const value = labels[constraint.topologyKey] ?? '';
        domains.set(value, (domains.get(value) ?? 0) + (counts[index]?.(info) ?? 0));
      }
    }
    return new FilterState(pod, constraints, spreads);
  }

  /** Counts as if the pod ran on the node as well. */
  addPod(pod: Pod, node: Node): void {
    this.#change(pod, node, 1);
  }

  /** Counts as if the pod no longer ran on the node. */
  removePod(pod: Pod, node: Node): void {
    this.#change(pod, node, -1);
  }

  clone(): FilterState {
    const spreads = this.#spreads.map((spread) => ({ ...spread, domains: new Map(spread.domains) }));
    return new FilterState(this.#pod, this.#constraints, spreads);
  }

  check({ metadata: { labels } }: Node): Status {
    for (const spread of this.#spreads) {
      const { constraint, domains, selfMatch } = spread;
      const value = labels?.[constraint.topologyKey];
      if (value === undefined) return unresolvable(nodeLabelNotMatch);
      const skew = (domains.get(value) ?? 0) + selfMatch - lowestCount(spread);
      if (skew > constraint.maxSkew) return unschedulable(constraintsNotMatch);
    }
    return success;
  }

  #change(pod: Pod, node: Node, amount: 1 | -1): void {
    const { labels } = node.metadata;
    if (!labels || !hasAllTopologies(labels, this.#constraints)) return;
    for (const spread of this.#spreads) {
      const { constraint, domains } = spread;
      if (!countsFor(constraint, pod, this.#pod.metadata.namespace)) continue;
      if (!isIncluded(constraint, this.#pod, node)) continue;
      const value = labels[constraint.topologyKey] ?? '';
      domains.set(value, (domains.get(value) ?? 0) + amount);
      spread.lowest = undefined;
    }
  }
}

/** What the skew is measured from. With fewer domains than asked for, the missing ones count as empty. */
function lowestCount(spread: Spread): number {
  const { constraint, domains } = spread;
  if (domains.size < constraint.minDomains) return 0;
  if (spread.lowest === undefined) {
    let lowest = Number.POSITIVE_INFINITY;
    for (const count of domains.values()) lowest = Math.min(lowest, count);
    spread.lowest = lowest;
  }
  return spread.lowest;
}
