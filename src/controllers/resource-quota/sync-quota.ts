/** Counts what one quota limits and writes it down. */
import {
  addLists,
  addQuantities,
  compareQuantities,
  equalLists,
  maskList,
  type QuotaEvaluator,
  quotaCounts,
  type ResourceList,
  type ResourceQuota,
  type ResourceType,
  resourceQuotas,
} from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { type Client, done, type Lister, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { type RecentCharges, settleMs } from './recent-charges.ts';

export interface CountedKind {
  readonly type: ResourceType;
  readonly evaluator: QuotaEvaluator;
}

export interface ResourceQuotaContext {
  readonly client: Client;
  readonly quotas: Lister<ResourceQuota>;
  readonly charges: RecentCharges;
  readonly kinds: readonly CountedKind[];
  readonly clock: Pick<Clock, 'now'>;
}

export async function syncQuota(
  context: ResourceQuotaContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const quota = context.quotas.get(key);
  if (!quota) return done;
  const hard = quota.spec?.hard ?? {};
  // Read before the objects are: the write is refused when somebody was charged in between.
  const recent = context.charges.of(key);
  const counted = await countObjects(context, quota, signal);
  const known = maskList(quota.status?.used ?? {}, Object.keys(hard));
  const used = decideUsed({ known, counted, recent });
  if (!quota.status?.hard || !equalLists(quota.status.hard, hard) || !equalLists(quota.status.used, used)) {
    await context.client.updateStatus(resourceQuotas, { ...quota, status: { hard, used } }, { signal });
  }
  return equalLists({ ...known, ...counted }, used) ? done : requeueAfter(settleMs);
}

/**
 * More than was known is believed at once. Of less, what was charged a moment ago is kept: it may be for objects that
 * came after they were counted. What nobody can count stays as it is.
 */
export function decideUsed({
  known,
  counted,
  recent,
}: {
  readonly known: ResourceList;
  readonly counted: ResourceList;
  readonly recent: ResourceList;
}): ResourceList {
  const used: Record<string, string> = { ...known, ...counted };
  for (const [name, before] of Object.entries(known)) {
    const count = counted[name];
    const underWay = recent[name];
    if (count === undefined || underWay === undefined || compareQuantities(count, before) >= 0) continue;
    const atMost = addQuantities(count, underWay);
    used[name] = compareQuantities(atMost, before) < 0 ? atMost : before;
  }
  return used;
}

/** Always from the server: a cache that lags would give away what is taken. */
async function countObjects(
  { client, kinds, clock }: ResourceQuotaContext,
  quota: ResourceQuota,
  signal: AbortSignal,
): Promise<ResourceList> {
  const hard = quota.spec?.hard ?? {};
  const limited = Object.keys(hard);
  let counted: ResourceList = {};
  for (const { type, evaluator } of kinds) {
    const names = evaluator.resourceNames(limited);
    if (names.length === 0) continue;
    const { items } = await client.list(type, { namespace: quota.metadata.namespace, signal });
    const nowMs = clock.now();
    let usage: ResourceList = Object.fromEntries(names.map((name) => [name, '0']));
    for (const object of items) {
      if (quotaCounts(quota, hard, { evaluator, object })) {
        usage = addLists(usage, maskList(evaluator.usage(object, nowMs), names));
      }
    }
    counted = addLists(counted, usage);
  }
  return counted;
}
