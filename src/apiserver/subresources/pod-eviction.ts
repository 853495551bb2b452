/**
 * POST of an Eviction: a deletion that disruption budgets have a say in. The budget is charged before the pod goes,
 * so that two evictions at once cannot both spend its last disruption. Upstream: registry/core/pod/storage/eviction.go.
 */
import {
  ApiStatusError,
  type Condition,
  type DeleteOptions,
  decodeStruct,
  type Pod,
  type PodDisruptionBudget,
  podDisruptionBudgets,
  type StatusDetailsInput,
  storedSelectorMatcher,
} from '../../api/index.ts';
import type { ServerContext, SubresourceHandler, WriteCall } from '../pipeline/context.ts';
import { deleteObject } from '../pipeline/delete.ts';
import { mutateObject } from '../pipeline/mutate.ts';
import { getObject } from '../pipeline/read.ts';
import { prefixFor } from '../registry/registry.ts';

interface EvictionBody {
  readonly metadata?: { readonly name?: string };
  readonly deleteOptions?: DeleteOptions;
}

/** When a refused evictor may try again. */
const retryAfterSeconds = 10;
const conditionType = 'DisruptionAllowed';
/** More evictions than this that the disruption controller has not seen are not taken on. Upstream: MaxDisruptedPodSize. */
const maxDisruptedPods = 2000;
const evictionKind = { kind: 'Eviction', version: 'v1' };

export const podEvictionHandler: SubresourceHandler = {
  kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  async create(call, name, body) {
    const { object: eviction } = decodeStruct<EvictionBody>('policy.v1.Eviction', evictionKind, body);
    if (eviction.metadata?.name && eviction.metadata.name !== name) {
      throw ApiStatusError.of('BadRequest', 'name in URL does not match name in Eviction object');
    }
    const options = eviction.deleteOptions ?? {};
    const { namespace } = call;
    const pod = (await getObject(call.server, call.resource, { namespace, name })) as Pod;
    const dryRun = call.options.dryRun || options.dryRun?.includes('All');
    if (!canIgnoreBudget(pod)) {
      await charge(call, pod, dryRun ?? false);
      if (!dryRun) await markEvicted(call, name);
    }
    await deleteObject(call, name, { ...options, preconditions: { uid: pod.metadata.uid, ...options.preconditions } });
    return { object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, created: true };
  },
};

/** A pod that does not run disrupts nothing by going. */
function canIgnoreBudget({ metadata, status }: Pod): boolean {
  const phase = status?.phase;
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || metadata.deletionTimestamp !== undefined;
}

/** A pod that is not ready is none of the healthy ones: it may go while there are enough of them, or always. */
function mayGoUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function isPodReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
}

async function charge(call: WriteCall, pod: Pod, dryRun: boolean): Promise<void> {
  const { server, namespace } = call;
  const [budget, second] = await budgetsOf(server, pod);
  if (!budget) return;
  if (second) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw ApiStatusError.of('InternalError', message);
  }
  if (!isPodReady(pod) && mayGoUnready(budget)) return;
  const resource = server.registry.find(podDisruptionBudgets);
  if (!resource) return;
  await mutateObject<PodDisruptionBudget>(
    { ...call, resource, namespace, subresource: undefined, options: { dryRun } },
    budget.metadata.name,
    (current) => charged(call, current, pod.metadata.name),
  );
}

async function budgetsOf(server: ServerContext, pod: Pod): Promise<readonly PodDisruptionBudget[]> {
  const resource = server.registry.find(podDisruptionBudgets);
  if (!resource) return [];
  const { items } = await server.store.list(prefixFor(resource, pod.metadata.namespace));
  return items
    .map((stored) => stored.object as PodDisruptionBudget)
    .filter(({ spec }) => storedSelectorMatcher(spec?.selector).matches(pod.metadata.labels));
}

function charged({ context }: WriteCall, budget: PodDisruptionBudget, podName: string): PodDisruptionBudget {
  const { name, generation = 0 } = budget.metadata;
  const { status } = budget;
  const allowed = status?.disruptionsAllowed ?? 0;
  if ((status?.observedGeneration ?? 0) < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, { retryAfterSeconds });
  }
  if (allowed < 0) throw forbidden(name, 'pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > maxDisruptedPods) {
    throw forbidden(name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (allowed === 0) throw refused(spentMessage(budget));
  const disruptedPods = { ...status?.disruptedPods, [podName]: context.now };
  const conditions = allowed > 1 ? status?.conditions : withInsufficientPods(budget, context.now);
  return { ...budget, status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods, conditions } as never };
}

function refused(detail: string, more: StatusDetailsInput = {}): ApiStatusError {
  const causes = [{ reason: 'DisruptionBudget', message: detail }];
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  return ApiStatusError.of('TooManyRequests', message, { causes, ...more });
}

function forbidden(name: string, detail: string): ApiStatusError {
  const message = `poddisruptionbudget.policy ${JSON.stringify(name)} is forbidden: ${detail}`;
  return ApiStatusError.of('Forbidden', message, { name, group: 'policy', kind: 'poddisruptionbudget' });
}

function spentMessage({ metadata: { name }, status }: PodDisruptionBudget): string {
  const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {};
  const failed = status?.conditions?.find(({ type, reason }) => type === conditionType && reason === 'SyncFailed');
  return failed && desiredHealthy === 0
    ? `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${failed.message}`
    : `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
}

function withInsufficientPods({ metadata, status }: PodDisruptionBudget, now: string): readonly Condition[] {
  const others = (status?.conditions ?? []).filter(({ type }) => type !== conditionType);
  const spent = {
    type: conditionType,
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    lastTransitionTime: now,
    observedGeneration: metadata.generation ?? 0,
  };
  return [...others, spent];
}

/** Tells in the pod's status why it goes. */
async function markEvicted(call: WriteCall, name: string): Promise<void> {
  await mutateObject<Pod>(call, name, (pod) => {
    const { generation } = pod.metadata;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
      lastTransitionTime: call.context.now,
      ...(generation ? { observedGeneration: generation } : {}),
    };
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
    return { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
  });
}
