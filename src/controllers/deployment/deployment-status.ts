/** The counts of a Deployment's status and whether its rollout moves. Pure. Upstream: deployment/progress.go, sync.go. */
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/index.ts';
import { maxUnavailableOf, replicasOf } from './limits.ts';
import type { RolloutSets } from './replica-sets.ts';

export type Counts = Omit<DeploymentStatus, 'conditions'>;

function total(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((sum, set) => sum + (count(set) ?? 0), 0);
}

export function countsOf(deployment: Deployment, { current, old }: RolloutSets, collisionCount: number): Counts {
  const all = current ? [...old, current] : old;
  const availableReplicas = total(all, ({ status }) => status?.availableReplicas);
  const unavailable = total(all, ({ spec }) => spec.replicas ?? 1) - availableReplicas;
  const { generation } = deployment.metadata;
  return withoutZeros({
    observedGeneration: generation ?? 0,
    replicas: total(all, ({ status }) => status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total(all, ({ status }) => status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, unavailable),
    terminatingReplicas: total(all, ({ status }) => status?.terminatingReplicas),
    ...(collisionCount > 0 ? { collisionCount } : {}),
  });
}

/** Kubernetes leaves counts of zero out, except that of terminating pods. */
function withoutZeros(counts: Counts): Counts {
  const entries = Object.entries(counts).filter(([name, value]) => value !== 0 || name === 'terminatingReplicas');
  return Object.fromEntries(entries);
}

export function hasMinimumAvailability(deployment: Deployment, counts: Counts): boolean {
  return (counts.availableReplicas ?? 0) >= replicasOf(deployment) - maxUnavailableOf(deployment);
}

/** Whether everything that is wanted runs, and nothing else. */
export function isComplete(deployment: Deployment, counts: Counts | undefined): boolean {
  const wanted = replicasOf(deployment);
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = counts ?? {};
  const reached = updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
  return reached && observedGeneration >= (deployment.metadata.generation ?? 0);
}

/** Whether the rollout moved since the status was last written. */
export function isProgressing({ status = {} }: Deployment, counts: Counts): boolean {
  const oldReplicas = ({ replicas = 0, updatedReplicas = 0 }: Counts) => replicas - updatedReplicas;
  return (
    (counts.updatedReplicas ?? 0) > (status.updatedReplicas ?? 0) ||
    oldReplicas(counts) < oldReplicas(status) ||
    (counts.readyReplicas ?? 0) > (status.readyReplicas ?? 0) ||
    (counts.availableReplicas ?? 0) > (status.availableReplicas ?? 0)
  );
}
