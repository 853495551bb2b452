/** Runs the plugins of one profile over one pod, in the order of the extension points. */
import type { Node, Pod } from '../../api/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { CycleState, type Plugin, type Snapshot } from './plugin.ts';
import { FitError, fitMessage, isRejected, type Status, unresolvable } from './status.ts';

/** Enough feasible nodes to choose from in a large cluster. Upstream: minFeasibleNodesToFind. */
const feasibleNodesLimit = 100;

export interface Placement {
  readonly node: Node;
  readonly state: CycleState;
}

export class Framework {
  readonly plugins: readonly Plugin[];
  /** Where the next search starts, so that load spreads over nodes beyond the limit. */
  #start = 0;

  constructor(plugins: readonly Plugin[]) {
    this.plugins = plugins;
  }

  /** Finds the best node for the pod, or throws a FitError that says why there is none. */
  place(pod: Pod, snapshot: Snapshot): Placement {
    const state = new CycleState();
    const skipped = new Set<string>();
    const candidates = this.#preFilter(state, pod, snapshot, skipped);
    const active = this.plugins.filter((plugin) => !skipped.has(plugin.name));
    const feasible = this.#filter(state, pod, candidates, snapshot.nodes.length, active);
    return { node: best(state, pod, feasible, active).node, state };
  }

  #preFilter(state: CycleState, pod: Pod, snapshot: Snapshot, skipped: Set<string>): readonly NodeInfo[] {
    let names: ReadonlySet<string> | undefined;
    for (const plugin of this.plugins) {
      if (!plugin.preFilter) continue;
      const result = plugin.preFilter(state, pod, snapshot);
      if (result.status.code === 'skip') skipped.add(plugin.name);
      if (isRejected(result.status)) {
        const reason = result.status.reasons.join(', ');
        const waitsForClaims = state.read<boolean>('waitsForClaims') === true;
        throw new FitError(fitMessage(snapshot.nodes.length, [], reason), new Set([plugin.name]), waitsForClaims);
      }
      const { nodeNames } = result;
      if (nodeNames) names = names ? names.intersection(nodeNames) : nodeNames;
    }
    const wanted = names;
    return wanted ? snapshot.nodes.filter(({ name }) => wanted.has(name)) : snapshot.nodes;
  }

  #filter(
    state: CycleState,
    pod: Pod,
    candidates: readonly NodeInfo[],
    nodeCount: number,
    active: readonly Plugin[],
  ): readonly NodeInfo[] {
    const feasible: NodeInfo[] = [];
    const rejections: Status[] = [];
    const refusedBy = new Set<string>();
    let looked = 0;
    for (; looked < candidates.length && feasible.length < feasibleNodesLimit; looked++) {
      const node = candidates[(this.#start + looked) % candidates.length];
      if (!node) continue;
      const refusal = refuse(state, pod, node, active);
      if (!refusal) feasible.push(node);
      else {
        rejections.push(refusal.status);
        refusedBy.add(refusal.plugin);
      }
    }
    this.#start = candidates.length > 0 ? (this.#start + looked) % candidates.length : 0;
    if (feasible.length > 0) return feasible;
    for (let i = candidates.length; i < nodeCount; i++) {
      rejections.push(unresolvable("node(s) didn't satisfy plugin(s) [VolumeBinding]"));
    }
    throw new FitError(fitMessage(nodeCount, rejections), refusedBy);
  }
}

function refuse(
  state: CycleState,
  pod: Pod,
  node: NodeInfo,
  active: readonly Plugin[],
): { plugin: string; status: Status } | undefined {
  for (const plugin of active) {
    const status = plugin.filter?.(state, pod, node);
    if (status && isRejected(status)) return { plugin: plugin.name, status };
  }
  return undefined;
}

function best(state: CycleState, pod: Pod, feasible: readonly NodeInfo[], active: readonly Plugin[]): NodeInfo {
  const [first] = feasible;
  if (!first) throw new FitError(fitMessage(0, []), new Set());
  if (feasible.length === 1) return first;
  let winner = first;
  let highest = Number.NEGATIVE_INFINITY;
  for (const node of feasible) {
    let total = 0;
    for (const plugin of active) total += plugin.score?.(state, pod, node) ?? 0;
    if (total > highest) {
      highest = total;
      winner = node;
    }
  }
  return winner;
}
