/** How much the preferred terms of a pod and of its neighbours speak for each domain. Upstream: interpodaffinity/scoring.go. */
import type { Labels, Node, Pod } from '../../../api/index.ts';
import { type AffinityTerm, affinityTermMatches, type PodAffinityTerms } from '../../cache/affinity-terms.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { Snapshot } from '../../cache/snapshot.ts';
import { maxNodeScore } from '../../framework/plugin.ts';
import type { NodeMemo } from '../node-memo.ts';
import { termsText } from './incoming-terms.ts';
import { TopologyCounts } from './topology-counts.ts';

/** What it is worth to be where a pod is that requires pods like this one. Upstream's default of 1. */
export const defaultHardPodAffinityWeight = 1;

interface ScoreInput {
  readonly pod: Pod;
  /** With their namespace selectors answered. */
  readonly terms: PodAffinityTerms;
  readonly namespaceLabels: Labels | undefined;
  readonly hardPodAffinityWeight: number;
}

type CountedNodes = Pick<Snapshot, 'nodes' | 'nodesWithAffinity'>;

/** What the pods of one node speak for, by topology key; weights that cancel out included. */
export type NodePreferences = ReadonlyMap<string, number>;

/** Undefined: nothing speaks for or against any node. */
export function countPreferences(
  input: ScoreInput,
  snapshot: CountedNodes,
  memo: NodeMemo<NodePreferences>,
): TopologyCounts | undefined {
  const { preferredAffinity, preferredAntiAffinity } = input.terms;
  const counts = new TopologyCounts();
  let counted = false;
  const add = (preferences: NodePreferences, node: Node) => {
    for (const [topologyKey, weight] of preferences) {
      counts.add(node.metadata.labels, topologyKey, weight);
      counted = true;
    }
  };
  if (preferredAffinity.length + preferredAntiAffinity.length > 0) {
    const weights = [...preferredAffinity, ...preferredAntiAffinity].map(({ weight }) => weight);
    const question = `own ${termsText(preferredAffinity)} ${termsText(preferredAntiAffinity)} ${weights}`;
    const ofPod = memo.about(question, (info) => preferencesOfPod(input, info));
    for (const info of snapshot.nodes) add(ofPod(info), info.node);
  }
  const { namespace, labels } = input.pod.metadata;
  const question = `theirs ${JSON.stringify([namespace, labels, input.namespaceLabels])}`;
  const ofOthers = memo.about(question, (info) => preferencesOfOthers(input, info));
  for (const info of snapshot.nodesWithAffinity) add(ofOthers(info), info.node);
  return counted ? counts : undefined;
}

/** Collects weights of terms that mean a pod, where the node has the label they are about. */
function collector({ metadata: { labels } }: Node) {
  const sums = new Map<string, number>();
  const add = (term: AffinityTerm, pod: Pod, weight: number, namespaceLabels?: Labels) => {
    const { topologyKey } = term;
    if (labels?.[topologyKey] === undefined || !affinityTermMatches(term, pod, namespaceLabels)) return;
    sums.set(topologyKey, (sums.get(topologyKey) ?? 0) + weight);
  };
  return { sums, add };
}

function preferencesOfPod({ terms }: ScoreInput, { node, pods }: NodeInfo): NodePreferences {
  const { sums, add } = collector(node);
  for (const { pod } of pods.values()) {
    for (const term of terms.preferredAffinity) add(term, pod, term.weight);
    for (const term of terms.preferredAntiAffinity) add(term, pod, -term.weight);
  }
  return sums;
}

function preferencesOfOthers(input: ScoreInput, { node, podsWithAffinity }: NodeInfo): NodePreferences {
  const { pod, namespaceLabels, hardPodAffinityWeight } = input;
  const { sums, add } = collector(node);
  for (const { affinity } of podsWithAffinity.values()) {
    if (hardPodAffinityWeight > 0) {
      for (const term of affinity.requiredAffinity) add(term, pod, hardPodAffinityWeight, namespaceLabels);
    }
    for (const term of affinity.preferredAffinity) add(term, pod, term.weight, namespaceLabels);
    for (const term of affinity.preferredAntiAffinity) add(term, pod, -term.weight, namespaceLabels);
  }
  return sums;
}

/** Stretches the scores over 0 to 100; all alike become 0. */
export function normalizePreferences(scores: readonly number[]): number[] {
  const lowest = Math.min(...scores);
  const range = Math.max(...scores) - lowest;
  return scores.map((score) => (range > 0 ? Math.trunc(maxNodeScore * ((score - lowest) / range)) : 0));
}
