/**
 * How a change of the wanted number is spread when several ReplicaSets have pods: each keeps its share.
 * Pure. Upstream: deployment/sync.go scale, util.GetReplicaSetProportion.
 */
import type { Deployment, ReplicaSet } from '../../api/index.ts';
import { desiredReplicasOf, maxReplicasOf } from './annotations.ts';
import { isRollingUpdate, maxSurgeOf, replicasOf } from './limits.ts';
import { compareAge } from './replica-sets.ts';
import { allOf, type RolloutState, type RolloutStep, setReplicas, sum } from './rollout-state.ts';

export function decideScale(state: RolloutState): readonly RolloutStep[] {
  const { deployment, current, old } = state;
  const wanted = replicasOf(deployment);
  const active = allOf(state).filter((set) => setReplicas(set) > 0);
  const only = active.length === 0 ? (current ?? newest(old)) : active.length === 1 ? active[0] : undefined;
  if (active.length <= 1)
    return only && needsResize(only, wanted) ? [{ kind: 'resize', set: only, replicas: wanted }] : [];
  if (current && isSaturated(deployment, current)) {
    const surplus = old.filter((set) => setReplicas(set) > 0);
    return surplus.map((set) => ({ kind: 'resize', set, replicas: 0 }));
  }
  return isRollingUpdate(deployment) ? spread(deployment, active) : [];
}

/** Also when the size is right but was noted for another number: it would be asked for ever. */
function needsResize(set: ReplicaSet, wanted: number): boolean {
  const noted = wanted > 0 ? desiredReplicasOf(set) : undefined;
  return setReplicas(set) !== wanted || (noted !== undefined && noted !== wanted);
}

function newest(sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...sets].sort(compareAge).at(-1);
}

/** The current set has all that is wanted, and was not sized for another number. */
function isSaturated(deployment: Deployment, current: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  const available = current.status?.availableReplicas ?? 0;
  return setReplicas(current) === wanted && desiredReplicasOf(current) === wanted && available === wanted;
}

function spread(deployment: Deployment, active: readonly ReplicaSet[]): readonly RolloutStep[] {
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurgeOf(deployment) : 0;
  const change = allowed - sum(active, setReplicas);
  // The larger sets first; of equal ones the newer when growing, the older when shrinking.
  const sorted = [...active].sort(
    (left, right) =>
      setReplicas(right) - setReplicas(left) || (change > 0 ? compareAge(right, left) : compareAge(left, right)),
  );
  const sizes = new Map<ReplicaSet, number>();
  let given = 0;
  for (const set of sorted) {
    const share = change === 0 ? 0 : shareOf(deployment, set, change - given, change);
    sizes.set(set, setReplicas(set) + share);
    given += share;
  }
  const [first] = sorted;
  if (first && change !== 0) sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + change - given));
  return [...sizes].map(([set, replicas]) => ({ kind: 'resize', set, replicas }));
}

function shareOf(deployment: Deployment, set: ReplicaSet, left: number, change: number): number {
  if (setReplicas(set) === 0 || left === 0) return 0;
  const fraction = fractionOf(deployment, set);
  return change > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

/** How much the set changes when the whole does, by its size at the last scaling. */
function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const replicas = setReplicas(set);
  const wanted = replicasOf(deployment);
  if (wanted === 0) return -replicas;
  const before = maxReplicasOf(set) || deployment.status?.replicas;
  if (!before) return 0;
  return Math.round((replicas * (wanted + maxSurgeOf(deployment))) / before) - replicas;
}
