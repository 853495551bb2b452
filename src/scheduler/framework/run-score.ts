import type { Pod } from '../../api/index.ts';
import { assert } from '../../base/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { CycleState } from './cycle-state.ts';
import type { Plugin } from './plugin.ts';

/** The node with the highest sum of weighted scores; of equals the first that the search met. */
export function pickBest(
  plugins: readonly Plugin[],
  state: CycleState,
  pod: Pod,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
): NodeInfo {
  const [first] = nodes;
  assert(first, 'a search that found nothing has thrown');
  if (nodes.length === 1) return first;
  const totals = totalScores(plugins, state, pod, nodes, snapshot);
  let winner = 0;
  for (let i = 1; i < totals.length; i++) if ((totals[i] ?? 0) > (totals[winner] ?? 0)) winner = i;
  return nodes[winner] ?? first;
}

function totalScores(
  plugins: readonly Plugin[],
  state: CycleState,
  pod: Pod,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
): readonly number[] {
  // Every PreScore comes before the first Score, as upstream.
  const scoring = plugins.filter(
    (plugin) => plugin.preScore?.(state, pod, nodes, snapshot).code !== 'skip' && plugin.score,
  );
  const totals = new Array<number>(nodes.length).fill(0);
  const scores = new Array<number>(nodes.length).fill(0);
  for (const plugin of scoring) {
    for (let i = 0; i < nodes.length; i++) scores[i] = plugin.score?.(state, pod, nodes[i] as NodeInfo) ?? 0;
    plugin.normalizeScore?.(state, pod, scores, nodes);
    const weight = plugin.weight ?? 1;
    for (let i = 0; i < nodes.length; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0);
  }
  return totals;
}
