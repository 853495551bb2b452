/** Runs the plugin over nodes with pods on them, for its tables of cases. */
import type { Labels, Namespace } from '../../../api/index.ts';
import { type Cluster, listOf, snapshotOf } from '../testing/cluster.ts';
import type { PodOptions } from '../testing/neighbours.ts';
import { filterAll, scoreAll } from '../testing/run-plugin.ts';
import { InterPodAffinity } from './inter-pod-affinity.ts';

export const affinityRules = "node(s) didn't match pod affinity rules (final)";
export const antiAffinityRules = "node(s) didn't match pod anti-affinity rules";
export const existingRules = "node(s) didn't satisfy existing pods anti-affinity rules";

interface Given extends Cluster {
  readonly pod: PodOptions;
  /** Their labels. */
  readonly namespaces?: Readonly<Record<string, Labels>>;
}

export interface FilterCase extends Given {
  /** Per node: `fits`, `skipped`, or the reason; `(final)` marks one that removing pods would not mend. */
  readonly expected: Readonly<Record<string, string>>;
}

export interface ScoreCase extends Given {
  /** Per node; `skipped` when nothing speaks for any node. */
  readonly expected: Readonly<Record<string, number>> | 'skipped';
  readonly hardPodAffinityWeight?: number;
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

export function pluginOf({ namespaces = {} }: Pick<Given, 'namespaces'>, more: Partial<ScoreCase> = {}) {
  const { hardPodAffinityWeight, ignorePreferredTermsOfExistingPods = false } = more;
  const list = Object.entries(namespaces).map(([name, labels]) => ({ metadata: { name, labels } }) as Namespace);
  return new InterPodAffinity({
    namespaces: listOf(list),
    ignorePreferredTermsOfExistingPods,
    ...(hardPodAffinityWeight !== undefined && { hardPodAffinityWeight }),
  });
}

export function fitsWhere(given: FilterCase): Readonly<Record<string, string>> {
  return filterAll(pluginOf(given), given.pod, snapshotOf(given));
}

export function scoresOf(given: ScoreCase): ScoreCase['expected'] {
  const snapshot = snapshotOf(given);
  return scoreAll(pluginOf(given, given), given.pod, snapshot, snapshot.nodes);
}
