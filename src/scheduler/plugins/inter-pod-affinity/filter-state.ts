/**
 * What the required terms of one pod, and of the pods that are there already, say about each topology domain. Counted
 * once per attempt, so that asking for a node costs a look at its labels. Upstream: interpodaffinity/filtering.go.
 */
import type { Labels, Node, Pod } from '../../../api/index.ts';
import { affinityTermMatches, type PodAffinityTerms } from '../../cache/affinity-terms.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Snapshot } from '../../cache/snapshot.ts';
import { type Status, success, unresolvable, unschedulable } from '../../framework/status.ts';
import type { NodeMemo } from '../node-memo.ts';
import { meansPod, meansPodInAll, termsText } from './incoming-terms.ts';
import { TopologyCounts } from './topology-counts.ts';

const affinityRulesNotMatch = "node(s) didn't match pod affinity rules";
const antiAffinityRulesNotMatch = "node(s) didn't match pod anti-affinity rules";
const existingAntiAffinityRulesNotMatch = "node(s) didn't satisfy existing pods anti-affinity rules";

interface Incoming {
  readonly pod: Pod;
  /** With their namespace selectors answered. */
  readonly terms: PodAffinityTerms;
  readonly namespaceLabels: Labels | undefined;
}

interface Counts {
  /** Pods that satisfy all affinity terms of the incoming pod, by the domains of those terms. */
  readonly affinity: TopologyCounts;
  /** Pods that the incoming pod must keep away from. */
  readonly antiAffinity: TopologyCounts;
  /** Pods that must be kept away from by the incoming pod, by their own word. */
  readonly existingAntiAffinity: TopologyCounts;
}

/** How many pods of a node the terms of an incoming pod mean. */
export interface NodeMatches {
  /** Those that satisfy all affinity terms. */
  readonly affinity: number;
  /** Those that each anti-affinity term means. */
  readonly antiAffinity: readonly number[];
}

const noMatches: NodeMatches = { affinity: 0, antiAffinity: [] };

function matchesOf({ requiredAffinity, requiredAntiAffinity }: PodAffinityTerms, pods: Iterable<PodInfo>): NodeMatches {
  let affinity = 0;
  const antiAffinity = requiredAntiAffinity.map(() => 0);
  for (const { pod } of pods) {
    if (meansPodInAll(requiredAffinity, pod)) affinity++;
    for (const [index, term] of requiredAntiAffinity.entries()) {
      if (meansPod(term, pod)) antiAffinity[index] = (antiAffinity[index] ?? 0) + 1;
    }
  }
  return affinity === 0 && antiAffinity.every((count) => count === 0) ? noMatches : { affinity, antiAffinity };
}

function matchesOn(terms: PodAffinityTerms, { pods }: NodeInfo): NodeMatches {
  return matchesOf(terms, pods.values());
}

type CountedNodes = Pick<Snapshot, 'nodes' | 'nodesWithRequiredAntiAffinity'>;

export class FilterState {
  readonly #incoming: Incoming;
  readonly #counts: Counts;

  private constructor(incoming: Incoming, counts: Counts) {
    this.#incoming = incoming;
    this.#counts = counts;
  }

  static count(incoming: Incoming, snapshot: CountedNodes, memo: NodeMemo<NodeMatches>): FilterState {
    const state = new FilterState(incoming, {
      affinity: new TopologyCounts(),
      antiAffinity: new TopologyCounts(),
      existingAntiAffinity: new TopologyCounts(),
    });
    const { requiredAffinity, requiredAntiAffinity } = incoming.terms;
    if (requiredAffinity.length > 0 || requiredAntiAffinity.length > 0) {
      const question = `${termsText(requiredAffinity)} ${termsText(requiredAntiAffinity)}`;
      const matches = memo.about(question, (info) => matchesOn(incoming.terms, info));
      for (const info of snapshot.nodes) state.#addMatches(matches(info), info.node, 1);
    }
    for (const { node, podsWithRequiredAntiAffinity: pods } of snapshot.nodesWithRequiredAntiAffinity) {
      for (const existing of pods.values()) state.#countExisting(existing, node, 1);
    }
    return state;
  }

  /** Whether neither the pod nor anybody else objects to any node. */
  get isIndifferent(): boolean {
    const { requiredAffinity, requiredAntiAffinity } = this.#incoming.terms;
    const { existingAntiAffinity } = this.#counts;
    return existingAntiAffinity.isEmpty && requiredAffinity.length === 0 && requiredAntiAffinity.length === 0;
  }

  /** Counts as if the pod ran on the node as well. */
  addPod(added: PodInfo, node: Node): void {
    this.#countExisting(added, node, 1);
    this.#addMatches(matchesOf(this.#incoming.terms, [added]), node, 1);
  }

  /** Counts as if the pod no longer ran on the node. */
  removePod(removed: PodInfo, node: Node): void {
    this.#countExisting(removed, node, -1);
    this.#addMatches(matchesOf(this.#incoming.terms, [removed]), node, -1);
  }

  clone(): FilterState {
    const { affinity, antiAffinity, existingAntiAffinity } = this.#counts;
    return new FilterState(this.#incoming, {
      affinity: affinity.clone(),
      antiAffinity: antiAffinity.clone(),
      existingAntiAffinity: existingAntiAffinity.clone(),
    });
  }

  check({ metadata: { labels } }: Node): Status {
    if (!this.#satisfiesAffinity(labels)) return unresolvable(affinityRulesNotMatch);
    if (!this.#satisfiesAntiAffinity(labels)) return unschedulable(antiAffinityRulesNotMatch);
    if (this.#counts.existingAntiAffinity.touches(labels)) return unschedulable(existingAntiAffinityRulesNotMatch);
    return success;
  }

  #addMatches(matches: NodeMatches, { metadata: { labels } }: Node, sign: 1 | -1): void {
    if (matches === noMatches) return;
    const { requiredAffinity, requiredAntiAffinity } = this.#incoming.terms;
    if (matches.affinity > 0) {
      for (const { topologyKey } of requiredAffinity) {
        this.#counts.affinity.add(labels, topologyKey, sign * matches.affinity);
      }
    }
    for (const [index, { topologyKey }] of requiredAntiAffinity.entries()) {
      const count = matches.antiAffinity[index] ?? 0;
      if (count > 0) this.#counts.antiAffinity.add(labels, topologyKey, sign * count);
    }
  }

  #countExisting(existing: PodInfo, node: Node, sign: 1 | -1): void {
    const { pod, namespaceLabels } = this.#incoming;
    for (const term of existing.affinity.requiredAntiAffinity) {
      if (!affinityTermMatches(term, pod, namespaceLabels)) continue;
      this.#counts.existingAntiAffinity.add(node.metadata.labels, term.topologyKey, sign);
    }
  }

  #satisfiesAffinity(labels: Labels | undefined): boolean {
    const { pod, terms } = this.#incoming;
    let podsExist = true;
    for (const { topologyKey } of terms.requiredAffinity) {
      const value = labels?.[topologyKey];
      if (value === undefined) return false;
      if (this.#counts.affinity.get(topologyKey, value) <= 0) podsExist = false;
    }
    // The first pod of a set that wants to be together would wait for itself forever: where no pod at all satisfies
    // the terms and the pod itself would, any node in such domains will do.
    return podsExist || (this.#counts.affinity.isEmpty && meansPodInAll(terms.requiredAffinity, pod));
  }

  #satisfiesAntiAffinity(labels: Labels | undefined): boolean {
    return this.#incoming.terms.requiredAntiAffinity.every(({ topologyKey }) => {
      const value = labels?.[topologyKey];
      return value === undefined || this.#counts.antiAffinity.get(topologyKey, value) <= 0;
    });
  }
}
