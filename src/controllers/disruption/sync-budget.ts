/** Writes into a budget how many of its pods may go. Upstream: disruption.go trySync, failSafe. */
import {
  isConflict,
  isEqual,
  labelSelectorMatcher,
  type Pod,
  type PodDisruptionBudget,
  podDisruptionBudgets,
} from '../../api/index.ts';
import { type Clock, messageOf } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type ReconcileResult,
  requeueAfter,
} from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';
import { type BudgetDecision, decideBudget, failedStatus } from './decide-budget.ts';
import { ExpectedScaleError, type Workloads } from './expected-scale.ts';

export const podsByNamespace = 'disruption/namespace';

export interface DisruptionContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly budgets: Informer<PodDisruptionBudget>;
  readonly pods: Informer<Pod>;
  readonly workloads: Workloads;
}

export async function syncBudget(
  context: DisruptionContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const budget = context.budgets.get(key);
  if (!budget) {
    for (const topic of topics) context.announcer.forget(key, topic);
    return done;
  }
  try {
    const { recheckInMs } = await trySync(context, budget, signal);
    return recheckInMs === undefined ? done : requeueAfter(recheckInMs);
  } catch (thrown) {
    // A stale budget is worked out again when its newest version has come.
    if (!signal.aborted && !isConflict(thrown)) {
      await write(context, budget, failedStatus(budget, messageOf(thrown), context.clock.now()), signal);
    }
    throw thrown;
  }
}

const topics = ['NoPods', 'UnmanagedPods', 'CalculateExpectedPodCountFailed'] as const;

async function trySync(
  context: DisruptionContext,
  budget: PodDisruptionBudget,
  signal: AbortSignal,
): Promise<BudgetDecision> {
  const { clock, workloads } = context;
  const selector = labelSelectorMatcher(budget.spec?.selector);
  const inNamespace = context.pods.byIndex(podsByNamespace, budget.metadata.namespace);
  const pods = inNamespace.filter(({ metadata }) => selector.matches(metadata.labels));
  tell(context, budget, 'NoPods', pods.length === 0 ? 'No matching pods found' : undefined);
  let decision: BudgetDecision;
  try {
    decision = decideBudget({ budget, pods, workloads, nowMs: clock.now() });
    tell(context, budget, 'CalculateExpectedPodCountFailed', undefined);
  } catch (thrown) {
    if (thrown instanceof ExpectedScaleError) {
      const message = `Failed to calculate the number of expected pods: ${thrown.message}`;
      tell(context, budget, 'CalculateExpectedPodCountFailed', message);
    }
    throw thrown;
  }
  tell(context, budget, 'UnmanagedPods', decision.unmanaged.length > 0 ? unmanagedMessage(budget) : undefined);
  for (const pod of decision.notDeleted) {
    const { namespace, name } = budget.metadata;
    const message = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
    context.recorder.event(pod, 'Warning', 'NotDeleted', message);
  }
  await write(context, budget, decision.status, signal);
  return decision;
}

/** What holds is told once and not at every change of a pod; undefined when it holds no longer. */
function tell(
  { announcer }: DisruptionContext,
  budget: PodDisruptionBudget,
  reason: (typeof topics)[number],
  message: string | undefined,
): void {
  const { namespace, name } = budget.metadata;
  if (message === undefined) announcer.forget(`${namespace}/${name}`, reason);
  else announcer.announce(budget, { type: reason === 'NoPods' ? 'Normal' : 'Warning', reason, message }, reason);
}

/** As Go prints it, which is what users see in this event. */
function selectorText({ spec }: PodDisruptionBudget): string {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  const labels = Object.entries(matchLabels).sort();
  const requirements = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const texts = labels.map(([key, value]) => `${key}: ${value},`).join('');
  const expressions = `[]LabelSelectorRequirement{${requirements.join('')}}`;
  return `&LabelSelector{MatchLabels:map[string]string{${texts}},MatchExpressions:${expressions},}`;
}

function unmanagedMessage(budget: PodDisruptionBudget): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget)}) were found to be unmanaged. ` +
    'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}

async function write(
  { client }: DisruptionContext,
  budget: PodDisruptionBudget,
  status: NonNullable<PodDisruptionBudget['status']>,
  signal: AbortSignal,
): Promise<void> {
  if (isEqual(budget.status, status)) return;
  await ifFound(client.updateStatus(podDisruptionBudgets, { ...budget, status }, { signal }));
}
