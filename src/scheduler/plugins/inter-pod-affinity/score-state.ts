/** How much the preferred terms of a pod and of its neighbours speak for each domain. Upstream: interpodaffinity/scoring.go. */
import type { Labels, Node, Pod } from '../../../api/index.ts';
import { type AffinityTerm, affinityTermMatches, type PodAffinityTerms } from '../../cache/affinity-terms.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Snapshot } from '../../cache/snapshot.ts';
import { maxNodeScore } from '../../framework/plugin.ts';
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

/** Undefined: nothing speaks for or against any node. */
export function countPreferences(input: ScoreInput, snapshot: CountedNodes): TopologyCounts | undefined {
  const { preferredAffinity, preferredAntiAffinity } = input.terms;
  const prefers = preferredAffinity.length + preferredAntiAffinity.length > 0;
  const counts = new TopologyCounts();
  let counted = false;
  for (const info of prefers ? snapshot.nodes : snapshot.nodesWithAffinity) {
    if (!info.node.metadata.labels) continue;
    const pods = prefers ? info.pods : info.podsWithAffinity;
    for (const existing of pods.values()) counted = countPod(counts, input, existing, info.node) || counted;
  }
  return counted ? counts : undefined;
}

function countPod(counts: TopologyCounts, input: ScoreInput, existing: PodInfo, node: Node): boolean {
  const { labels } = node.metadata;
  let counted = false;
  const count = (term: AffinityTerm, meant: Pod, weight: number, namespaceLabels?: Labels) => {
    if (!affinityTermMatches(term, meant, namespaceLabels) || labels?.[term.topologyKey] === undefined) return;
    counts.add(labels, term.topologyKey, weight);
    counted = true;
  };
  for (const term of input.terms.preferredAffinity) count(term, existing.pod, term.weight);
  for (const term of input.terms.preferredAntiAffinity) count(term, existing.pod, -term.weight);
  const theirs = existing.affinity;
  if (input.hardPodAffinityWeight > 0) {
    for (const term of theirs.requiredAffinity) {
      count(term, input.pod, input.hardPodAffinityWeight, input.namespaceLabels);
    }
  }
  for (const term of theirs.preferredAffinity) count(term, input.pod, term.weight, input.namespaceLabels);
  for (const term of theirs.preferredAntiAffinity) count(term, input.pod, -term.weight, input.namespaceLabels);
  return counted;
}

/** Stretches the scores over 0 to 100; all alike become 0. */
export function normalizePreferences(scores: readonly number[]): number[] {
  const lowest = Math.min(...scores);
  const range = Math.max(...scores) - lowest;
  return scores.map((score) => (range > 0 ? Math.trunc(maxNodeScore * ((score - lowest) / range)) : 0));
}
