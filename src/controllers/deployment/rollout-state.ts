/** What is known of a rollout when its next step is decided, and the steps there are. */
import type { Deployment, ReplicaSet } from '../../api/index.ts';
import type { RolloutSets } from './replica-sets.ts';

export type RolloutStep =
  | { readonly kind: 'create'; readonly replicas: number }
  | { readonly kind: 'resize'; readonly set: ReplicaSet; readonly replicas: number }
  /** The set is empty and older than the history that is kept. */
  | { readonly kind: 'forget'; readonly set: ReplicaSet };

export interface RolloutState extends RolloutSets {
  readonly deployment: Deployment;
  /** Whether a pod of an old set may still run. */
  readonly oldPodsRun: boolean;
}

export function setReplicas(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

export function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}

export function allOf({ current, old }: RolloutSets): readonly ReplicaSet[] {
  return current ? [...old, current] : old;
}
