/** Runs the plugins of one profile over one pod, in the order of the extension points. */
import type { Node, Pod } from '../../api/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import { CycleState } from './cycle-state.ts';
import { type Diagnosis, FitError } from './fit-error.ts';
import { NodeStatuses } from './node-statuses.ts';
import { feasibleNodesWanted } from './nodes-wanted.ts';
import type { Nominator } from './nominator.ts';
import type { Plugin } from './plugin.ts';
import { PluginError } from './plugin-error.ts';
import { type PreFiltered, runPreFilter } from './run-pre-filter.ts';
import { pickBest } from './run-score.ts';
import { isRejected, type Status, success, unresolvable } from './status.ts';

export interface Placement {
  readonly node: Node;
  readonly state: CycleState;
}

/** Upstream: ErrNoNodesAvailable. */
const noNodes = 'no nodes available to schedule pods';

/** Under which the plugins whose Filter is asked for a pod are kept in its state. */
const filtersKey = 'Framework/filters';

export class Framework {
  readonly plugins: readonly Plugin[];
  readonly #nominator: Nominator;
  readonly #filtering: readonly Plugin[];
  readonly #filterNames: ReadonlySet<string>;
  /** Where the next search starts, so that load spreads over nodes beyond the limit. Upstream: nextStartNodeIndex. */
  #start = 0;
  readonly #percentageOfNodesToScore: number;

  /** See feasibleNodesWanted for the percentage. */
  constructor(plugins: readonly Plugin[], nominator: Nominator, percentageOfNodesToScore = 0) {
    this.plugins = plugins;
    this.#percentageOfNodesToScore = percentageOfNodesToScore;
    this.#nominator = nominator;
    this.#filtering = plugins.filter((plugin) => plugin.filter);
    this.#filterNames = new Set(this.#filtering.map(({ name }) => name));
  }

  /** Finds the best node for the pod, or throws a FitError that says why there is none. */
  place(pod: Pod, snapshot: Snapshot): Placement {
    if (snapshot.nodes.length === 0) throw FitError.because(noNodes, this.#filterNames);
    const state = new CycleState();
    const preFiltered = runPreFilter(this.plugins, state, pod, snapshot);
    if (preFiltered.kind === 'rejected') throw this.#postFilter(state, pod, snapshot, preFiltered.diagnosis);
    const { skipped } = preFiltered;
    state.write(
      filtersKey,
      skipped.size > 0 ? this.#filtering.filter(({ name }) => !skipped.has(name)) : this.#filtering,
    );
    const feasible = this.#findFeasible(state, pod, snapshot, preFiltered);
    return { node: pickBest(this.plugins, state, pod, feasible, snapshot).node, state };
  }

  /**
   * Asks Filter of every plugin for one node. Pods nominated to the node that are at least as important count as if
   * they were there; and the pod must fit without them too, for they may never come.
   */
  filterNode(state: CycleState, pod: Pod, node: NodeInfo): { plugin: string; status: Status } | undefined {
    const filters = state.read<readonly Plugin[]>(filtersKey) ?? this.#filtering;
    const nominated = this.#nominator.podsFor(node.name, pod);
    if (nominated.length > 0) {
      const stateWith = state.clone();
      const nodeWith = node.clone();
      for (const other of nominated) {
        nodeWith.addPod(other);
        this.addPod(stateWith, pod, other, nodeWith);
      }
      const refusal = refuse(stateWith, pod, nodeWith, filters);
      if (refusal) return refusal;
    }
    return refuse(state, pod, node, filters);
  }

  /** Tells the plugins' PreFilter states of one more pod on the node. */
  addPod(state: CycleState, pod: Pod, added: PodInfo, node: NodeInfo): void {
    for (const plugin of this.plugins) plugin.addPod?.(state, pod, added, node);
  }

  /** Tells the plugins' PreFilter states of one pod less on the node. */
  removePod(state: CycleState, pod: Pod, removed: PodInfo, node: NodeInfo): void {
    for (const plugin of this.plugins) plugin.removePod?.(state, pod, removed, node);
  }

  /** Reserve of every plugin; when one refuses, all is taken back and a FitError thrown. */
  reserve({ state, node }: Placement, pod: Pod): void {
    for (const plugin of this.plugins) {
      const status = plugin.reserve?.(state, pod, node) ?? success;
      if (!isRejected(status)) continue;
      this.unreserve({ state, node }, pod);
      throw FitError.because(status.reasons.join(', '), new Set([plugin.name]));
    }
  }

  unreserve({ state, node }: Placement, pod: Pod): void {
    for (const plugin of this.plugins.toReversed()) plugin.unreserve?.(state, pod, node);
  }

  async bind({ state, node }: Placement, pod: Pod, signal: AbortSignal): Promise<void> {
    for (const plugin of this.plugins) {
      if (plugin.preBind) await told('PreBind', plugin, plugin.preBind(state, pod, node, signal));
    }
    const binder = this.plugins.find((plugin) => plugin.bind);
    if (binder?.bind) await told('Bind', binder, binder.bind(state, pod, node, signal));
    for (const plugin of this.plugins) plugin.postBind?.(state, pod, node);
  }

  #findFeasible(state: CycleState, pod: Pod, snapshot: Snapshot, preFiltered: PreFiltered): readonly NodeInfo[] {
    const all = snapshot.nodes;
    const { nodeNames } = preFiltered;
    const candidates = nodeNames ? all.filter(({ name }) => nodeNames.has(name)) : all;
    const statuses = new NodeStatuses();
    const plugins = new Set<string>();
    if (nodeNames) {
      const narrowing = [...preFiltered.narrowedBy].sort();
      statuses.setAbsent(unresolvable(`node(s) didn't satisfy plugin(s) [${narrowing.join(' ')}]`));
      for (const name of narrowing) plugins.add(name);
    }
    const nominated = this.#nominated(state, pod, snapshot, nodeNames);
    if (nominated) return [nominated];
    const wanted = feasibleNodesWanted(candidates.length, this.#percentageOfNodesToScore);
    const feasible: NodeInfo[] = [];
    let looked = 0;
    for (; looked < candidates.length && feasible.length < wanted; looked++) {
      const node = candidates[(this.#start + looked) % candidates.length] as NodeInfo;
      const refusal = this.filterNode(state, pod, node);
      if (!refusal) feasible.push(node);
      else {
        statuses.set(node.name, refusal.status);
        plugins.add(refusal.plugin);
      }
    }
    if (all.length > 0) this.#start = (this.#start + looked) % all.length;
    if (feasible.length > 0) return feasible;
    throw this.#postFilter(state, pod, snapshot, { nodeCount: all.length, statuses, plugins });
  }

  /** The node that was promised to the pod, if it fits there by now: no other is looked at. */
  #nominated(
    state: CycleState,
    pod: Pod,
    snapshot: Snapshot,
    nodeNames: ReadonlySet<string> | undefined,
  ): NodeInfo | undefined {
    const name = this.#nominator.nodeOf(pod);
    const node = name ? snapshot.node(name) : undefined;
    if (!node || nodeNames?.has(node.name) === false) return undefined;
    return this.filterNode(state, pod, node) ? undefined : node;
  }

  #postFilter(state: CycleState, pod: Pod, snapshot: Snapshot, diagnosis: Diagnosis): FitError {
    const messages: string[] = [];
    let nominatedNodeName: string | undefined;
    for (const plugin of this.plugins) {
      const result = plugin.postFilter?.(state, pod, diagnosis.statuses, snapshot);
      if (!result) continue;
      if (isRejected(result.status)) messages.push(...result.status.reasons);
      nominatedNodeName = result.nominatedNodeName ?? nominatedNodeName;
      if (result.status.code === 'success') break;
    }
    return new FitError({
      ...diagnosis,
      postFilterMessage: messages.join(', '),
      ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
    });
  }
}

/** The work of a plugin, whose failure says who failed where. */
async function told(point: string, plugin: Plugin, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    throw new PluginError(point, plugin.name, thrown);
  }
}

function refuse(
  state: CycleState,
  pod: Pod,
  node: NodeInfo,
  filters: readonly Plugin[],
): { plugin: string; status: Status } | undefined {
  for (const plugin of filters) {
    const status = plugin.filter?.(state, pod, node) as Status;
    if (status !== success && isRejected(status)) return { plugin: plugin.name, status };
  }
  return undefined;
}
