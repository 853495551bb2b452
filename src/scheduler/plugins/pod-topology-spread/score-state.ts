/** How crowded each node's domains are by the ScheduleAnyway constraints of a pod. Upstream: podtopologyspread/scoring.go. */
import { labelHostname, type Pod } from '../../../api/index.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { maxNodeScore } from '../../framework/plugin.ts';
import { hasAllTopologies, isIncluded, type PodCounter, type SpreadConstraint } from './spread-constraints.ts';

interface ScoreInput {
  readonly pod: Pod;
  readonly constraints: readonly SpreadConstraint[];
  /** Nodes that lack a label to spread over score nothing. Not so for default constraints: zones are optional. */
  readonly requireAllTopologies: boolean;
  readonly counter: PodCounter;
}

interface Spread {
  readonly constraint: SpreadConstraint;
  /** Pods by value of the topology label, for domains with a feasible node. A hostname is counted when it is scored. */
  readonly domains: Map<string, number>;
  readonly weight: number;
  readonly count: (node: NodeInfo) => number;
}

export class ScoreState {
  readonly #spreads: readonly Spread[];
  /** Nodes that are not to be scored. */
  readonly #ignored: ReadonlySet<string>;

  private constructor(spreads: readonly Spread[], ignored: ReadonlySet<string>) {
    this.#spreads = spreads;
    this.#ignored = ignored;
  }

  static count(input: ScoreInput, feasible: readonly NodeInfo[], nodes: readonly NodeInfo[]): ScoreState {
    const { pod, constraints, requireAllTopologies } = input;
    const ignored = new Set<string>();
    if (requireAllTopologies) {
      for (const { name, node } of feasible) {
        if (!hasAllTopologies(node.metadata.labels, constraints)) ignored.add(name);
      }
    }
    const scored = feasible.filter(({ name }) => !ignored.has(name));
    const spreads = constraints.map((constraint) => emptySpread(constraint, scored, input.counter));
    const counted = spreads.filter(({ constraint }) => constraint.topologyKey !== labelHostname);
    for (const info of counted.length > 0 ? nodes : []) {
      const { labels } = info.node.metadata;
      if (info.pods.size === 0 || (requireAllTopologies && !hasAllTopologies(labels, constraints))) continue;
      for (const { constraint, domains, count } of counted) {
        const value = labels?.[constraint.topologyKey] ?? '';
        const before = domains.get(value);
        if (before === undefined || !isIncluded(constraint, pod, info.node)) continue;
        domains.set(value, before + count(info));
      }
    }
    return new ScoreState(spreads, ignored);
  }

  /** Higher is more crowded. */
  score(info: NodeInfo): number {
    if (this.#ignored.has(info.name)) return 0;
    let score = 0;
    for (const { constraint, domains, weight, count } of this.#spreads) {
      const value = info.node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) continue;
      const pods = constraint.topologyKey === labelHostname ? count(info) : (domains.get(value) ?? 0);
      // A large maxSkew waters differences between the domains down.
      score += pods * weight + (constraint.maxSkew - 1);
    }
    return Math.round(score);
  }

  /** Turns crowdedness into points: the emptiest get most, ignored nodes none. */
  normalize(scores: readonly number[], nodes: readonly NodeInfo[]): number[] {
    const isIgnored = (index: number) => this.#ignored.has(nodes[index]?.name ?? '');
    const counted = scores.filter((_, index) => !isIgnored(index));
    const highest = Math.max(0, ...counted);
    const lowest = Math.min(...counted);
    return scores.map((score, index) => {
      if (isIgnored(index)) return 0;
      if (highest === 0) return maxNodeScore;
      return Math.trunc((maxNodeScore * (highest + lowest - score)) / highest);
    });
  }
}

/** Few large domains are not to be drowned by many small ones, so a domain weighs by the number of its like. */
function emptySpread(constraint: SpreadConstraint, scored: readonly NodeInfo[], counter: PodCounter): Spread {
  const domains = new Map<string, number>();
  const isHost = constraint.topologyKey === labelHostname;
  if (!isHost) for (const { node } of scored) domains.set(node.metadata.labels?.[constraint.topologyKey] ?? '', 0);
  const size = isHost ? scored.length : domains.size;
  return { constraint, domains, weight: Math.log(size + 2), count: counter(constraint) };
}
