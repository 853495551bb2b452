/** The disruption controller: how many of the pods that a PodDisruptionBudget covers may be evicted right now. */
import {
  deployments,
  isEqual,
  keyOf,
  type Pod,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
  storedSelectorMatcher,
} from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { type DisruptionContext, podsByNamespace, syncBudget } from './sync-budget.ts';
import { staleInMs, syncStaleDisruption } from './sync-stale-disruption.ts';

/** The name that its events carry. */
export const disruptionControllerName = 'controllermanager';

const budgetsByNamespace = 'disruption/namespace';

export function startDisruptionController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock, metrics } = options;
  const logger = options.logger.with({ component: 'disruption-controller' });
  const context: DisruptionContext = {
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    budgets: informers.informer(podDisruptionBudgets),
    pods: informers.informer(pods),
    workloads: {
      deployments: informers.informer(deployments),
      replicaSets: informers.informer(replicaSets),
      replicationControllers: informers.informer(replicationControllers),
      statefulSets: informers.informer(statefulSets),
    },
  };
  context.pods.addIndex(podsByNamespace, ({ metadata }) => [metadata.namespace]);
  context.budgets.addIndex(budgetsByNamespace, ({ metadata }) => [metadata.namespace]);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncBudget(context, key, signal);
    const queue = stack.use(runReconciler({ name: 'disruption', clock, logger, metrics, reconcile }));
    const unmark = (key: string, signal: AbortSignal) => syncStaleDisruption(context, key, signal);
    const stale = stack.use(runReconciler({ name: 'stale_pod_disruption', clock, logger, metrics, reconcile: unmark }));
    stack.use(
      context.budgets.addHandler({
        onAdd: (budget) => queue.add(keyOf(budget)),
        onUpdate: (previous, budget) => {
          if (previous !== budget) queue.add(keyOf(budget));
        },
        onDelete: (budget) => queue.add(keyOf(budget)),
      }),
    );
    const wake = (pod: Pod) => {
      for (const budget of context.budgets.byIndex(budgetsByNamespace, pod.metadata.namespace)) {
        if (storedSelectorMatcher(budget.spec?.selector).matches(pod.metadata.labels)) queue.add(keyOf(budget));
      }
    };
    const watchMark = (pod: Pod) => {
      if (staleInMs(pod, clock.now()) !== undefined) stale.add(keyOf(pod));
    };
    stack.use(
      context.pods.addHandler({
        onAdd: (pod) => {
          wake(pod);
          watchMark(pod);
        },
        onUpdate: (previous, pod) => {
          if (previous === pod) return;
          if (!isEqual(previous.metadata.labels, pod.metadata.labels)) wake(previous);
          wake(pod);
          watchMark(pod);
        },
        onDelete: wake,
      }),
    );
  });
}
