/** Runs the plugin over nodes with pods on them, for its tables of cases. */
import type { Labels, Namespace } from '../../../api/index.ts';
import { CycleState } from '../../framework/plugin.ts';
import { isRejected } from '../../framework/status.ts';
import { type Cluster, listOf, snapshotOf } from '../testing/cluster.ts';
import { makePod, type PodOptions } from '../testing/neighbours.ts';
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
  const plugin = pluginOf(given);
  const snapshot = snapshotOf(given);
  const state = new CycleState();
  const pod = makePod(given.pod);
  const { status } = plugin.preFilter(state, pod, snapshot);
  return Object.fromEntries(
    snapshot.nodes.map((node) => {
      if (status.code === 'skip') return [node.name, 'skipped'];
      const answer = plugin.filter(state, pod, node);
      if (!isRejected(answer)) return [node.name, 'fits'];
      const final = answer.code === 'unresolvable' ? ' (final)' : '';
      return [node.name, `${answer.reasons.join(', ')}${final}`];
    }),
  );
}

export function scoresOf(given: ScoreCase): ScoreCase['expected'] {
  const plugin = pluginOf(given, given);
  const snapshot = snapshotOf(given);
  const state = new CycleState();
  const pod = makePod(given.pod);
  if (plugin.preScore(state, pod, snapshot.nodes, snapshot).code === 'skip') return 'skipped';
  const scores = snapshot.nodes.map((node) => plugin.score(state, pod, node));
  plugin.normalizeScore(state, pod, scores);
  return Object.fromEntries(snapshot.nodes.map((node, index) => [node.name, scores[index] ?? Number.NaN]));
}
