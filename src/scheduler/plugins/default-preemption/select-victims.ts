/** Which pods would have to leave a node for another to fit there. Works on copies. */
import type { Pod, PodDisruptionBudget } from '../../../api/index.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { type PodInfo, podInfoOf } from '../../cache/pod-info.ts';
import type { CycleState } from '../../framework/cycle-state.ts';
import { type Status, unresolvable } from '../../framework/status.ts';
import { splitByBudgets } from './disruption-budgets.ts';
import { compareImportance } from './pod-importance.ts';

/** What preemption needs of the framework. */
export interface FilterRunner {
  filterNode(state: CycleState, pod: Pod, node: NodeInfo): { readonly status: Status } | undefined;
  addPod(state: CycleState, pod: Pod, added: PodInfo, node: NodeInfo): void;
  removePod(state: CycleState, pod: Pod, removed: PodInfo, node: NodeInfo): void;
}

export interface Candidate {
  readonly nodeName: string;
  /** The most important first. */
  readonly victims: readonly Pod[];
  readonly budgetViolations: number;
}

export type Selection =
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'refused'; readonly status: Status };

const noVictims = unresolvable('No preemption victims found for incoming pod');

export interface SelectVictimsOptions {
  readonly runner: FilterRunner;
  readonly state: CycleState;
  readonly pod: Pod;
  readonly node: NodeInfo;
  readonly budgets: readonly PodDisruptionBudget[];
}

/**
 * Takes all less important pods away, and if the pod then fits, gives back as many as it leaves room for: first those
 * that a budget protects, the most important first. Upstream: SelectVictimsOnNode.
 */
export function selectVictims({ runner, state: given, pod, node: info, budgets }: SelectVictimsOptions): Selection {
  const { priority } = podInfoOf(pod);
  const potential: PodInfo[] = [];
  for (const other of info.pods.values()) if (other.priority < priority) potential.push(other);
  if (potential.length === 0) return { kind: 'refused', status: noVictims };
  const state = given.clone();
  const node = info.clone();
  const remove = (other: PodInfo) => {
    node.removePod(other.uid);
    runner.removePod(state, pod, other, node);
  };
  for (const other of potential) remove(other);
  const refusal = runner.filterNode(state, pod, node);
  if (refusal) return { kind: 'refused', status: refusal.status };
  potential.sort((a, b) => compareImportance(a.pod, b.pod));
  const { violating, nonViolating } = splitByBudgets(potential, budgets);
  const isReprieved = (other: PodInfo): boolean => {
    node.addPod(other);
    runner.addPod(state, pod, other, node);
    if (!runner.filterNode(state, pod, node)) return true;
    remove(other);
    return false;
  };
  const violated = violating.filter((other) => !isReprieved(other));
  const others = nonViolating.filter((other) => !isReprieved(other));
  const victims = [...violated, ...others].map((victim) => victim.pod).sort(compareImportance);
  // The pod did not fit before and would now with nobody gone: what changed is not for preemption to use.
  if (victims.length === 0) return { kind: 'refused', status: noVictims };
  return { kind: 'candidate', candidate: { nodeName: node.name, victims, budgetViolations: violated.length } };
}
