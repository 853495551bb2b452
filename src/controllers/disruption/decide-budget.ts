/** What the status of a budget is to be. Pure. Upstream: disruption.go trySync, policy helper UpdateDisruptionAllowedCondition. */
import type { Condition, Pod, PodDisruptionBudget } from '../../api/index.ts';
import { isPodReady } from '../../component-helpers/index.ts';
import { scaledValue } from '../common/int-or-percent.ts';
import { expectedScale, type Workloads } from './expected-scale.ts';

/** A pod that an eviction was promised for counts as gone for this long, then the promise is taken back. */
export const deletionTimeoutMs = 2 * 60_000;

type Status = NonNullable<PodDisruptionBudget['status']>;

export interface BudgetInput {
  readonly budget: PodDisruptionBudget;
  /** Those that the budget selects. */
  readonly pods: readonly Pod[];
  readonly workloads: Workloads;
  readonly nowMs: number;
}

export interface BudgetDecision {
  readonly status: Status;
  readonly unmanaged: readonly string[];
  /** Pods whose eviction was promised and did not happen. */
  readonly notDeleted: readonly Pod[];
  /** When the next promise ends, which no event tells; undefined when there is none. */
  readonly recheckInMs: number | undefined;
}

/** Throws an ExpectedScaleError. */
export function decideBudget(input: BudgetInput): BudgetDecision {
  const { budget, pods, nowMs } = input;
  const { expectedPods, desiredHealthy, unmanaged } = expectations(input);
  const promised = promises(input);
  const currentHealthy = pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && !(pod.metadata.name in promised.kept) && isPodReady(pod),
  ).length;
  // A budget that selects no pod yet must not allow the first ones to go before it has been looked at again.
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const status: Status = {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(promised.kept).length > 0 && { disruptedPods: promised.kept }),
    observedGeneration: budget.metadata.generation ?? 0,
    conditions: conditionsOf(budget, {
      status: disruptionsAllowed > 0 ? 'True' : 'False',
      reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      nowMs,
    }),
  };
  return { status, unmanaged, notDeleted: promised.broken, recheckInMs: promised.endsInMs };
}

/** While the budget cannot be worked out nothing may be disrupted. */
export function failedStatus(budget: PodDisruptionBudget, message: string, nowMs: number): Status {
  const change = { status: 'False', reason: 'SyncFailed', message, nowMs };
  return {
    ...budget.status,
    disruptionsAllowed: 0,
    observedGeneration: budget.metadata.generation ?? 0,
    conditions: conditionsOf(budget, change),
  };
}

function expectations({ budget, pods, workloads }: BudgetInput) {
  const { maxUnavailable, minAvailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const { count, unmanaged } = expectedScale(pods, workloads);
    const desiredHealthy = Math.max(0, count - scaledValue(maxUnavailable, count, { roundUp: true }));
    return { expectedPods: count, desiredHealthy, unmanaged };
  }
  if (typeof minAvailable === 'number') {
    return { expectedPods: pods.length, desiredHealthy: minAvailable, unmanaged: [] };
  }
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0, unmanaged: [] };
  const { count, unmanaged } = expectedScale(pods, workloads);
  return { expectedPods: count, desiredHealthy: scaledValue(minAvailable, count, { roundUp: true }), unmanaged };
}

interface Promises {
  readonly kept: Record<string, string>;
  readonly broken: readonly Pod[];
  readonly endsInMs: number | undefined;
}

function promises({ budget, pods, nowMs }: BudgetInput): Promises {
  const kept: Record<string, string> = {};
  const broken: Pod[] = [];
  let endsInMs: number | undefined;
  for (const pod of pods) {
    const since = budget.status?.disruptedPods?.[pod.metadata.name];
    if (since === undefined || pod.metadata.deletionTimestamp) continue;
    const leftMs = Date.parse(since) + deletionTimeoutMs - nowMs;
    if (leftMs <= 0) broken.push(pod);
    else {
      kept[pod.metadata.name] = since;
      endsInMs = Math.min(leftMs, endsInMs ?? leftMs);
    }
  }
  return { kept, broken, endsInMs };
}

interface ConditionChange {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly nowMs: number;
}

function conditionsOf(budget: PodDisruptionBudget, change: ConditionChange): readonly Condition[] {
  const { status, reason, message, nowMs } = change;
  const type = 'DisruptionAllowed';
  const known = budget.status?.conditions ?? [];
  const previous = known.find((condition) => condition.type === type);
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const condition: Condition = {
    type,
    status,
    reason,
    message,
    lastTransitionTime: previous?.status === status ? previous.lastTransitionTime : now,
    observedGeneration: budget.metadata.generation ?? 0,
  };
  return previous ? known.map((one) => (one === previous ? condition : one)) : [...known, condition];
}
