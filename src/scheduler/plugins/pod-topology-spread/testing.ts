/** Runs the plugin over nodes with pods on them, for its tables of cases. */
import type { ReplicaSet, ReplicationController, Service, StatefulSet } from '../../../api/index.ts';
import { type Cluster, listOf, snapshotOf } from '../testing/cluster.ts';
import type { Constraint, PodOptions } from '../testing/neighbours.ts';
import { filterAll, scoreAll } from '../testing/run-plugin.ts';
import { PodTopologySpread } from './pod-topology-spread.ts';
import type { DefaultConstraint } from './spread-constraints.ts';

export const constraintsNotMatch = "node(s) didn't match pod topology spread constraints";
export const missingLabel = "node(s) didn't match pod topology spread constraints (missing required label) (final)";

interface Given extends Cluster {
  readonly pod: PodOptions;
}

export interface FilterCase extends Given, Owners {
  /** Per node: `fits`, `skipped`, or the reason; `(final)` marks one that removing pods would not mend. */
  readonly expected: Readonly<Record<string, string>>;
}

export interface Owners {
  readonly services?: readonly Service[];
  readonly replicationControllers?: readonly ReplicationController[];
  readonly replicaSets?: readonly ReplicaSet[];
  readonly statefulSets?: readonly StatefulSet[];
  /** In place of the system's. */
  readonly defaultConstraints?: readonly DefaultConstraint[];
}

export interface ScoreCase extends Given, Owners {
  /** Nodes that do not fit; their pods count nevertheless. */
  readonly unfit?: readonly string[];
  readonly expected: Readonly<Record<string, number>> | 'skipped';
}

/** Hard: the skew must not be more than 1. */
export function hard(topologyKey: string, more: Partial<Constraint> = {}): Constraint {
  const labelSelector = { matchLabels: { app: 'web' } };
  return { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector, ...more };
}

/** Soft: the skew had better not be more than 1. */
export function soft(topologyKey: string, more: Partial<Constraint> = {}): Constraint {
  return hard(topologyKey, { whenUnsatisfiable: 'ScheduleAnyway', ...more });
}

export function pluginOf(owners: Owners = {}): PodTopologySpread {
  const { defaultConstraints } = owners;
  return new PodTopologySpread({
    ...(defaultConstraints ? { defaultConstraints } : {}),
    services: { ...listOf(owners.services ?? []), addIndex: () => {} },
    replicationControllers: listOf(owners.replicationControllers ?? []),
    replicaSets: listOf(owners.replicaSets ?? []),
    statefulSets: listOf(owners.statefulSets ?? []),
  });
}

export function fitsWhere(given: FilterCase): Readonly<Record<string, string>> {
  return filterAll(pluginOf(given), given.pod, snapshotOf(given));
}

export function scoresOf(given: ScoreCase): ScoreCase['expected'] {
  const snapshot = snapshotOf(given);
  const feasible = snapshot.nodes.filter(({ name }) => !given.unfit?.includes(name));
  return scoreAll(pluginOf(given), given.pod, snapshot, feasible);
}
