/** Runs one plugin over every node, for tables of cases. */
import type { Snapshot } from '../../cache/snapshot.ts';
import { CycleState, type Plugin } from '../../framework/plugin.ts';
import { isRejected } from '../../framework/status.ts';
import { makePod, type PodOptions } from './neighbours.ts';

type Filtering = Required<Pick<Plugin, 'preFilter' | 'filter'>>;
type Scoring = Required<Pick<Plugin, 'preScore' | 'score' | 'normalizeScore'>>;

/** Per node: `fits`, `skipped`, or the reason; `(final)` marks one that removing pods would not mend. */
export function filterAll(
  plugin: Filtering,
  options: PodOptions,
  snapshot: Snapshot,
): Readonly<Record<string, string>> {
  const state = new CycleState();
  const pod = makePod(options);
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

/** Per node that fits, normalized; `skipped` when the plugin has nothing to say. */
export function scoreAll(
  plugin: Scoring,
  options: PodOptions,
  snapshot: Snapshot,
  feasible: Snapshot['nodes'],
): Readonly<Record<string, number>> | 'skipped' {
  const state = new CycleState();
  const pod = makePod(options);
  if (plugin.preScore(state, pod, feasible, snapshot).code === 'skip') return 'skipped';
  const scores = feasible.map((node) => plugin.score(state, pod, node));
  plugin.normalizeScore(state, pod, scores, feasible);
  return Object.fromEntries(feasible.map((node, index) => [node.name, scores[index] ?? Number.NaN]));
}
