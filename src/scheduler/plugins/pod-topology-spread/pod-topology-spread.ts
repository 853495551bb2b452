/**
 * Spreads pods over the values of a node label: constraints that must hold decide where a pod may go, others and the
 * defaults for pods of services and workloads decide where it had better. Leaves itself out where there are none.
 */
import type { Pod, ReplicaSet, ReplicationController, Service, StatefulSet } from '../../../api/index.ts';
import type { Informer, Lister } from '../../../client/index.ts';
import {
  type CycleState,
  type NodeInfo,
  on,
  type Plugin,
  type PodInfo,
  type PreFilterResult,
  type Snapshot,
} from '../../framework/plugin.ts';
import { type Status, skip, success } from '../../framework/status.ts';
import { NodeMemo } from '../node-memo.ts';
import { defaultSelector, type PodOwners } from './default-selector.ts';
import { FilterState } from './filter-state.ts';
import { nodeChangeMayHelp, ownChangeMayHelp, podChangeMayHelp } from './queueing-hints.ts';
import { ScoreState } from './score-state.ts';
import {
  type DefaultConstraint,
  defaultConstraintsOver,
  hasOwnConstraints,
  ownConstraints,
  podCounter,
  type SpreadConstraint,
  systemDefaultConstraints,
  type UnsatisfiableAction,
} from './spread-constraints.ts';

const filterKey = 'PreFilterPodTopologySpread';
const scoreKey = 'PreScorePodTopologySpread';
const byNamespace = 'scheduler/namespace';

export interface PodTopologySpreadOptions {
  readonly services: Pick<Informer<Service>, 'addIndex' | 'byIndex'>;
  readonly replicationControllers: Lister<ReplicationController>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly statefulSets: Lister<StatefulSet>;
  /** For pods that name none of their own; undefined: the system's. */
  readonly defaultConstraints?: readonly DefaultConstraint[];
}

export class PodTopologySpread implements Plugin {
  readonly name = 'PodTopologySpread';
  readonly weight = 2;
  readonly events = [
    ...on(['AssignedPodAdd', 'AssignedPodUpdate', 'AssignedPodDelete'], (pod, previous, current) =>
      podChangeMayHelp(this.#waiting(pod), { previous, current }),
    ),
    ...on(['NodeAdd', 'NodeDelete', 'UpdateNodeLabel', 'UpdateNodeTaint'], (pod, previous, current) =>
      nodeChangeMayHelp(this.#waiting(pod), { previous, current }),
    ),
    ...on(['PodUpdate'], (pod, previous, current) => ownChangeMayHelp(this.#waiting(pod), { previous, current })),
  ];
  readonly #owners: PodOwners;
  readonly #memo = new NodeMemo<number>();

  readonly #defaults: readonly DefaultConstraint[];
  /** The system's defaults are mild: nodes without their labels count as well. */
  readonly #systemDefaulted: boolean;

  constructor(options: PodTopologySpreadOptions) {
    const { services, replicationControllers, replicaSets, statefulSets } = options;
    this.#defaults = options.defaultConstraints ?? systemDefaultConstraints;
    this.#systemDefaulted = options.defaultConstraints === undefined;
    services.addIndex(byNamespace, ({ metadata }) => [metadata.namespace ?? '']);
    this.#owners = {
      services: (namespace) => services.byIndex(byNamespace, namespace),
      replicationController: (key) => replicationControllers.get(key),
      replicaSet: (key) => replicaSets.get(key),
      statefulSet: (key) => statefulSets.get(key),
    };
  }

  preFilter(state: CycleState, pod: Pod, { nodes }: Snapshot): PreFilterResult {
    const constraints = this.#constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return { status: skip };
    const counter = podCounter(this.#memo, pod.metadata.namespace);
    state.write(filterKey, FilterState.count({ pod, constraints, counter }, nodes));
    return { status: success };
  }

  addPod(state: CycleState, _pod: Pod, added: PodInfo, { node }: NodeInfo): void {
    state.read<FilterState>(filterKey)?.addPod(added.pod, node);
  }

  removePod(state: CycleState, _pod: Pod, removed: PodInfo, { node }: NodeInfo): void {
    state.read<FilterState>(filterKey)?.removePod(removed.pod, node);
  }

  filter(state: CycleState, _pod: Pod, { node }: NodeInfo): Status {
    return state.read<FilterState>(filterKey)?.check(node) ?? success;
  }

  preScore(state: CycleState, pod: Pod, feasible: readonly NodeInfo[], { nodes }: Snapshot): Status {
    const constraints = this.#constraintsOf(pod, 'ScheduleAnyway');
    if (constraints.length === 0) return skip;
    const counter = podCounter(this.#memo, pod.metadata.namespace);
    const input = { pod, constraints, requireAllTopologies: hasOwnConstraints(pod) || !this.#systemDefaulted, counter };
    state.write(scoreKey, ScoreState.count(input, feasible, nodes));
    return success;
  }

  score(state: CycleState, _pod: Pod, node: NodeInfo): number {
    return state.read<ScoreState>(scoreKey)?.score(node) ?? 0;
  }

  normalizeScore(state: CycleState, _pod: Pod, scores: number[], nodes: readonly NodeInfo[]): void {
    const normalized = state.read<ScoreState>(scoreKey)?.normalize(scores, nodes) ?? [];
    for (const [index, score] of normalized.entries()) scores[index] = score;
  }

  #constraintsOf(pod: Pod, action: UnsatisfiableAction): readonly SpreadConstraint[] {
    if (hasOwnConstraints(pod)) return ownConstraints(pod, action);
    const defaults = this.#defaults.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
    return defaults.length === 0 ? [] : defaultConstraintsOver(defaultSelector(pod, this.#owners), defaults);
  }

  #waiting(pod: Pod) {
    return { pod, constraints: this.#constraintsOf(pod, 'DoNotSchedule') };
  }
}
