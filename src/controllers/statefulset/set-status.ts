/** The status of a StatefulSet, counted from its pods. Pure. Upstream: stateful_set_control.go updateStatus. */
import type { Pod, StatefulSet, StatefulSetStatus } from '../../api/index.ts';
import { isAvailable, isCreated, isRunningAndReady, isTerminating, revisionNameOf } from './decide-set.ts';

export interface Revisions {
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly collisionCount: number;
}

export function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: Revisions,
  nowMs: number,
): StatefulSetStatus {
  const { currentRevision, updateRevision, collisionCount } = revisions;
  const created = pods.filter(isCreated);
  const staying = created.filter((pod) => !isTerminating(pod));
  const ofRevision = (name: string) => staying.filter((pod) => revisionNameOf(pod) === name).length;
  const status = {
    replicas: created.length,
    readyReplicas: created.filter(isRunningAndReady).length,
    availableReplicas: created.filter((pod) => isAvailable(pod, set, nowMs)).length,
    currentReplicas: ofRevision(currentRevision),
    updatedReplicas: ofRevision(updateRevision),
    currentRevision,
    updateRevision,
    collisionCount,
    observedGeneration: set.metadata.generation ?? 0,
  };
  return withoutZeros(completeRollingUpdate(set, status));
}

type Counted = Required<Omit<StatefulSetStatus, 'conditions'>>;

/** When every pod has the new revision and is ready, the new revision is the current one. */
function completeRollingUpdate(set: StatefulSet, status: Counted): Counted {
  const rolling = (set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
  const complete = status.updatedReplicas === status.replicas && status.readyReplicas === status.replicas;
  if (!rolling || !complete) return status;
  return { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision };
}

/** Fields that Kubernetes leaves out when they are zero. */
const optionalCounts = ['readyReplicas', 'currentReplicas', 'updatedReplicas'] as const;

function withoutZeros(status: Counted): StatefulSetStatus {
  const trimmed: { -readonly [K in keyof StatefulSetStatus]: StatefulSetStatus[K] } & { replicas: number } = {
    ...status,
  };
  for (const field of optionalCounts) if (status[field] === 0) delete trimmed[field];
  return trimmed;
}

export function sameStatus(left: StatefulSetStatus | undefined, right: StatefulSetStatus): boolean {
  const { conditions: _, ...known } = left ?? { replicas: -1 };
  const keys = new Set([...Object.keys(known), ...Object.keys(right)]) as ReadonlySet<keyof typeof known>;
  return [...keys].every((key) => known[key] === right[key]);
}
