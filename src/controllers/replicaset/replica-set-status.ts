/** The status of a ReplicaSet, counted from its pods. Pure. Upstream: replicaset/replica_set_utils.go calculateStatus. */
import { labelSelectorMatcher, type Pod, type ReplicaSetCondition, type ReplicaSetStatus } from '../../api/index.ts';
import { isPodPhaseTerminal, isPodReady } from '../../component-helpers/index.ts';
import { isActive, isAvailable, isTerminating } from '../common/pod-availability.ts';
import type { ReplicaKind, Replicated } from './replica-kind.ts';

export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

export interface ObservedPods {
  readonly pods: readonly Pod[];
  readonly failure: ReplicaFailure | undefined;
  readonly nowMs: number;
  /** The present, as timestamps are written. */
  readonly now: string;
}

export function statusOf<T extends Replicated>(
  set: T,
  { countsTerminating }: Pick<ReplicaKind<T>, 'countsTerminating'>,
  observed: ObservedPods,
): ReplicaSetStatus {
  const { pods, nowMs } = observed;
  const active = pods.filter(isActive);
  const template = labelSelectorMatcher({ matchLabels: set.spec.template?.metadata?.labels ?? {} });
  const count = (holds: (pod: Pod) => boolean) => active.filter(holds).length;
  const fullyLabeledReplicas = count(({ metadata }) => template.matches(metadata.labels));
  const readyReplicas = count(isPodReady);
  const availableReplicas = count((pod) => isAvailable(pod, set.spec.minReadySeconds, nowMs));
  const terminatingReplicas = pods.filter((pod) => isTerminating(pod) && !isPodPhaseTerminal(pod)).length;
  const { generation } = set.metadata;
  const conditions = conditionsOf(set, observed);
  return {
    replicas: active.length,
    ...(fullyLabeledReplicas > 0 ? { fullyLabeledReplicas } : {}),
    ...(readyReplicas > 0 ? { readyReplicas } : {}),
    ...(availableReplicas > 0 ? { availableReplicas } : {}),
    ...(countsTerminating ? { terminatingReplicas } : {}),
    ...(generation ? { observedGeneration: generation } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** A failure is told when it begins and taken back when it ends; what it says in between stays. */
function conditionsOf(set: Replicated, { failure, now }: ObservedPods): readonly ReplicaSetCondition[] {
  const conditions = set.status?.conditions ?? [];
  const known = conditions.some(({ type }) => type === 'ReplicaFailure');
  if (!failure) return conditions.filter(({ type }) => type !== 'ReplicaFailure');
  if (known) return conditions;
  return [...conditions, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: now, ...failure }];
}
