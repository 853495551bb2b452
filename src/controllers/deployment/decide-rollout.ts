/**
 * The next step of a Deployment: which ReplicaSet is created, resized or forgotten. Pure. A step that changes the
 * number of pods ends the round; its effect brings the next. Upstream: deployment/{rolling,recreate,sync}.go.
 */
import type { ReplicaSet } from '../../api/index.ts';
import { desiredReplicasOf, revisionOf } from './annotations.ts';
import { isComplete } from './deployment-status.ts';
import { isRollingUpdate, maxSurgeOf, maxUnavailableOf, replicasOf } from './limits.ts';
import { byAge } from './replica-sets.ts';
import { allOf, type RolloutState, type RolloutStep, setReplicas, sum } from './rollout-state.ts';
import { decideScale } from './scale.ts';

export function decideRollout(state: RolloutState): readonly RolloutStep[] {
  const { deployment } = state;
  if (deployment.spec.paused) return [...decideScale(state), ...decideHistory(state)];
  if (isScaling(state)) return decideScale(state);
  return isRollingUpdate(deployment) ? decideRolling(state) : decideRecreate(state);
}

/** Whether the wanted number changed since the sets were sized. */
export function isScaling(state: RolloutState): boolean {
  const replicas = replicasOf(state.deployment);
  return allOf(state).some((set) => {
    const desired = setReplicas(set) > 0 ? desiredReplicasOf(set) : undefined;
    return desired !== undefined && desired !== replicas;
  });
}

function decideRecreate(state: RolloutState): readonly RolloutStep[] {
  const { deployment, current, old } = state;
  const active = old.filter((set) => setReplicas(set) > 0);
  if (active.length > 0) return active.map((set) => ({ kind: 'resize', set, replicas: 0 }));
  if (state.oldPodsRun) return [];
  const replicas = replicasOf(deployment);
  if (!current) return [{ kind: 'create', replicas }];
  if (setReplicas(current) !== replicas) return [{ kind: 'resize', set: current, replicas }];
  return isComplete(deployment, deployment.status) ? decideHistory(state) : [];
}

function decideRolling(state: RolloutState): readonly RolloutStep[] {
  const { deployment, current } = state;
  const replicas = replicasOfCurrent(state);
  if (!current) return [{ kind: 'create', replicas }];
  if (setReplicas(current) !== replicas) return [{ kind: 'resize', set: current, replicas }];
  const steps = shrinkOld(state, current);
  if (steps.length > 0) return steps;
  return isComplete(deployment, deployment.status) ? decideHistory(state) : [];
}

/** As many as are wanted, as far as the surge allows. Upstream: NewRSNewReplicas. */
export function replicasOfCurrent(state: RolloutState): number {
  const { deployment, current } = state;
  const wanted = replicasOf(deployment);
  const present = current ? setReplicas(current) : 0;
  if (!isRollingUpdate(deployment) || present >= wanted) return wanted;
  const room = wanted + maxSurgeOf(deployment) - sum(allOf(state), setReplicas);
  return room <= 0 ? present : present + Math.min(room, wanted - present);
}

/** Takes pods from the old sets: first those that are not available anyway, then as many as may be missing. */
function shrinkOld(state: RolloutState, current: ReplicaSet): readonly RolloutStep[] {
  const { deployment, old } = state;
  const total = sum(allOf(state), setReplicas);
  if (sum(old, setReplicas) === 0) return [];
  const minAvailable = replicasOf(deployment) - maxUnavailableOf(deployment);
  const missing = setReplicas(current) - availableOf(current);
  const mayGo = total - minAvailable - missing;
  if (mayGo <= 0) return [];

  const sizes = new Map(byAge(old).map((set) => [set, setReplicas(set)]));
  let left = mayGo;
  for (const [set, size] of sizes) {
    const count = Math.min(left, Math.max(0, size - availableOf(set)));
    sizes.set(set, size - count);
    left -= count;
  }
  let surplus = sum(allOf(state), availableOf) - minAvailable;
  for (const [set, size] of sizes) {
    if (surplus <= 0) break;
    const count = Math.min(surplus, size);
    sizes.set(set, size - count);
    surplus -= count;
  }
  return [...sizes]
    .filter(([set, size]) => size !== setReplicas(set))
    .map(([set, replicas]) => ({ kind: 'resize', set, replicas }));
}

function availableOf(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0;
}

/** The oldest empty sets beyond the history limit. Upstream: cleanupDeployment. */
function decideHistory({ deployment, old }: RolloutState): readonly RolloutStep[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined) return [];
  const candidates = old
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .sort((left, right) => revisionOf(left) - revisionOf(right));
  return candidates
    .slice(0, Math.max(0, candidates.length - limit))
    .filter(isSettledEmpty)
    .map((set) => ({ kind: 'forget', set }));
}

function isSettledEmpty(set: ReplicaSet): boolean {
  const { replicas = 0, observedGeneration = 0 } = set.status ?? {};
  return replicas === 0 && setReplicas(set) === 0 && (set.metadata.generation ?? 0) <= observedGeneration;
}
