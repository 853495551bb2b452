/**
 * The resource quota controller: counts what each quota limits, and gives back what was deleted or never made. The
 * server charges quotas when it lets objects in; here the count is put right. Upstream: controller/resourcequota.
 */
import {
  builtInResources,
  equalLists,
  isCountedAlike,
  isEqual,
  type KubernetesObject,
  keyOf,
  type QuotaEvaluator,
  quotaEvaluatorOf,
  resourceQuotas,
} from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { type ControllerOptions, every, startWhenSynced } from '../common/start-controller.ts';
import { RecentCharges, settleMs } from './recent-charges.ts';
import { type CountedKind, type ResourceQuotaContext, syncQuota } from './sync-quota.ts';

export const resourceQuotaControllerName = 'resourcequota-controller';

const defaultSyncPeriodMs = 5 * 60 * 1000;
const byNamespace = 'resource-quota/namespace';

export interface ResourceQuotaControllerOptions extends Omit<ControllerOptions, 'recorder'> {
  /** How often all is counted anew: what nobody told of, and pods that are over because of the time. */
  readonly syncPeriodMs?: number;
}

export function startResourceQuotaController(options: ResourceQuotaControllerOptions): AsyncDisposable {
  const { informers, client, clock } = options;
  const logger = options.logger.with({ component: resourceQuotaControllerName });
  const quotas = informers.informer(resourceQuotas);
  quotas.addIndex(byNamespace, ({ metadata }) => [metadata.namespace ?? '']);
  const kinds = countedKinds();
  const sources = kinds.map(({ type, evaluator }) => ({ source: informers.informer(type), evaluator }));
  return startWhenSynced(informers, logger, (stack) => {
    const charges = new RecentCharges(clock);
    const context: ResourceQuotaContext = { client, quotas, charges, kinds, clock };
    const reconcile = (key: string, signal: AbortSignal) => syncQuota(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'resource-quota', clock, logger, concurrency: options.concurrency, reconcile }),
    );
    stack.use(
      quotas.addHandler({
        onAdd: (quota) => {
          charges.observe(keyOf(quota), quota.status?.used);
          queue.add(keyOf(quota));
        },
        onUpdate: (previous, quota) => {
          const key = keyOf(quota);
          charges.observe(key, quota.status?.used, previous.status?.used);
          if (!isEqual(previous.spec, quota.spec)) queue.add(key);
          // Charged for what is about to be written, or not: one count for all that happens in a while.
          else if (!equalLists(previous.status?.used, quota.status?.used)) queue.addAfter(key, settleMs);
        },
        onDelete: (quota) => charges.forget(keyOf(quota)),
      }),
    );
    const wake = (evaluator: QuotaEvaluator, { metadata }: KubernetesObject) => {
      for (const quota of quotas.byIndex(byNamespace, metadata.namespace ?? '')) {
        if (evaluator.resourceNames(Object.keys(quota.spec?.hard ?? {})).length > 0) queue.add(keyOf(quota));
      }
    };
    for (const { source, evaluator } of sources) {
      stack.use(
        source.addHandler({
          onUpdate: (previous, current) => {
            // Most namespaces have no quota: nothing is worked out for them.
            if (quotas.byIndex(byNamespace, current.metadata.namespace ?? '').length === 0) return;
            if (!isCountedAlike(evaluator, [previous, current], clock.now())) wake(evaluator, current);
          },
          onDelete: (last) => wake(evaluator, last),
        }),
      );
    }
    const resync = () => {
      for (const quota of quotas.list()) queue.add(keyOf(quota));
    };
    stack.use(every(clock, options.syncPeriodMs ?? defaultSyncPeriodMs, resync));
  });
}

function countedKinds(): readonly CountedKind[] {
  return builtInResources.flatMap((type) => {
    const evaluator = quotaEvaluatorOf(type);
    return evaluator ? [{ type, evaluator }] : [];
  });
}
