/** What a profile may say to its plugins: upstream's pluginConfig. Whatever is left out is as upstream has it. */
import type { ScoringStrategy } from './node-resources-score.ts';
import type { DefaultConstraint } from './pod-topology-spread/spread-constraints.ts';
import type { UtilizationShapePoint } from './volume-binding/scorer.ts';

export interface PluginArguments {
  /** VolumeBindingArgs.bindTimeoutSeconds: how long a pod's volumes may take to be bound. */
  readonly bindTimeoutMs?: number;
  /** VolumeBindingArgs.shape: turns StorageCapacityScoring on. See defaultShape. */
  readonly shape?: readonly UtilizationShapePoint[];
  /** NodeResourcesFitArgs.scoringStrategy. */
  readonly scoringStrategy?: ScoringStrategy;
  readonly interPodAffinity?: InterPodAffinityArguments;
  /** PodTopologySpreadArgs.defaultConstraints with defaultingType List: in place of the system's. */
  readonly spread?: readonly DefaultConstraint[];
  readonly preemption?: PreemptionArguments;
}

/** How many nodes are tried at least to find whom to displace. Upstream's DefaultPreemptionArgs. */
export interface PreemptionArguments {
  /** Of all nodes. */
  readonly minCandidatesPercentage?: number;
  readonly minCandidates?: number;
}

export interface InterPodAffinityArguments {
  readonly hardPodAffinityWeight?: number;
  /** What others prefer does not count for a pod that itself prefers nothing. */
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}
