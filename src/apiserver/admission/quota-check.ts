/** Whether one write fits into the quotas of its namespace, and what it leaves of them. Pure. Upstream: resourcequota CheckRequest. */
import {
  addLists,
  exceededNames,
  increaseOver,
  type KubernetesObject,
  maskList,
  printList,
  type QuotaEvaluator,
  quotaCounts,
  type ResourceList,
  type ResourceQuota,
} from '../../api/index.ts';

export interface ChargedWrite {
  readonly evaluator: QuotaEvaluator;
  readonly object: KubernetesObject;
  /** What is stored; undefined for a create. */
  readonly previous: KubernetesObject | undefined;
  /** The status follows what was granted before: it is counted and never refused. */
  readonly isStatus: boolean;
  readonly nowMs: number;
}

/** A quota and what is used of it with all that was let in since it was read. */
export interface RunningQuota {
  readonly quota: ResourceQuota;
  readonly used: ResourceList;
}

export type QuotaVerdict =
  | { readonly kind: 'refused'; readonly reason: string }
  /** What is used afterwards, quota by quota; the same list where the write changes nothing. */
  | { readonly kind: 'granted'; readonly used: readonly ResourceList[] };

export function checkQuotas(quotas: readonly RunningQuota[], write: ChargedWrite): QuotaVerdict {
  const counting = quotas.map(({ quota }) => quotaCounts(quota, hardOf(quota), write));
  const used: ResourceList[] = [];
  for (const [index, running] of quotas.entries()) {
    const reason = counting[index] ? whyNot(running, write) : undefined;
    if (reason !== undefined) return { kind: 'refused', reason };
  }
  for (const [index, running] of quotas.entries()) {
    const charge = counting[index] ? chargeOf(running.quota, write) : {};
    const next = Object.keys(charge).length === 0 ? running.used : addLists(running.used, charge);
    const exceeded = write.isStatus ? [] : exceededNames(maskList(next, Object.keys(charge)), hardOf(running.quota));
    if (exceeded.length > 0) return { kind: 'refused', reason: exceedText(running, charge, exceeded) };
    used.push(next);
  }
  return { kind: 'granted', used };
}

function hardOf({ status }: ResourceQuota): ResourceList {
  return status?.hard ?? {};
}

/** What keeps a write out however little it takes. */
function whyNot({ quota, used }: RunningQuota, { evaluator, object }: ChargedWrite): string | undefined {
  const names = evaluator.resourceNames(Object.keys(hardOf(quota)));
  const missing = evaluator.missing?.(names, object);
  if (missing !== undefined) return `failed quota: ${quota.metadata.name}: ${missing}`;
  if (names.every((name) => used[name] !== undefined)) return undefined;
  return `status unknown for quota: ${quota.metadata.name}, resources: ${[...names].sort().join(',')}`;
}

/** What the write takes of the quota on top of what it had: all of it when it was not counted before. */
function chargeOf(quota: ResourceQuota, { evaluator, object, previous, nowMs }: ChargedWrite): ResourceList {
  const hard = hardOf(quota);
  const wasCounted = previous !== undefined && quotaCounts(quota, hard, { evaluator, object: previous });
  const before = wasCounted ? evaluator.usage(previous, nowMs) : {};
  return maskList(increaseOver(evaluator.usage(object, nowMs), before), Object.keys(hard));
}

function exceedText({ quota, used }: RunningQuota, charge: ResourceList, exceeded: readonly string[]): string {
  const text = (list: ResourceList) => printList(maskList(list, exceeded));
  const { name } = quota.metadata;
  return `exceeded quota: ${name}, requested: ${text(charge)}, used: ${text(used)}, limited: ${text(hardOf(quota))}`;
}
