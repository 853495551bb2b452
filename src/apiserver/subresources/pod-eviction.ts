/**
 * POST of an Eviction: a deletion that disruption budgets have a say in. The budget is charged before the pod goes,
 * so that two evictions at once cannot both spend its last disruption. Upstream: registry/core/pod/storage/eviction.go.
 */
import {
  ApiStatusError,
  type DeleteOptions,
  decodeStruct,
  labelSelectorMatcher,
  type Pod,
  type PodDisruptionBudget,
  podDisruptionBudgets,
} from '../../api/index.ts';
import type { ServerContext, SubresourceHandler, WriteCall } from '../pipeline/context.ts';
import { deleteObject } from '../pipeline/delete.ts';
import { mutateObject } from '../pipeline/mutate.ts';
import { getObject } from '../pipeline/read.ts';
import { prefixFor } from '../registry/registry.ts';

interface EvictionBody {
  readonly deleteOptions?: DeleteOptions;
}

/** When a refused evictor may try again. */
const retryAfterSeconds = 10;
const evictionKind = { kind: 'Eviction', version: 'v1' };

export const podEvictionHandler: SubresourceHandler = {
  kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  async create(call, name, body) {
    const { object: eviction } = decodeStruct<EvictionBody>('policy.v1.Eviction', evictionKind, body);
    const options = eviction.deleteOptions ?? {};
    const { namespace } = call;
    const pod = (await getObject(call.server, call.resource, { namespace, name })) as Pod;
    const dryRun = call.options.dryRun || options.dryRun?.includes('All');
    if (!canIgnoreBudget(pod)) await charge(call, pod, dryRun ?? false);
    await deleteObject(call, name, { ...options, preconditions: { uid: pod.metadata.uid, ...options.preconditions } });
    return { object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, created: true };
  },
};

/** A pod that does not run disrupts nothing by going. */
function canIgnoreBudget({ metadata, status }: Pod): boolean {
  const phase = status?.phase;
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || metadata.deletionTimestamp !== undefined;
}

async function charge(call: WriteCall, pod: Pod, dryRun: boolean): Promise<void> {
  const { server, namespace } = call;
  const [budget, second] = await budgetsOf(server, pod);
  if (!budget) return;
  if (second) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw ApiStatusError.of('InternalError', message);
  }
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
    .filter(({ spec }) => labelSelectorMatcher(spec?.selector).matches(pod.metadata.labels));
}

function charged({ context }: WriteCall, budget: PodDisruptionBudget, podName: string): PodDisruptionBudget {
  const { name, generation = 0 } = budget.metadata;
  const { status } = budget;
  const allowed = status?.disruptionsAllowed ?? 0;
  const isStale = (status?.observedGeneration ?? 0) < generation;
  if (isStale || allowed <= 0) {
    const detail = isStale
      ? `The disruption budget ${name} is still being processed by the server.`
      : `The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`;
    throw ApiStatusError.of('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: 'DisruptionBudget', message: detail }],
      ...(isStale ? { retryAfterSeconds } : {}),
    });
  }
  const disruptedPods = { ...status?.disruptedPods, [podName]: context.now };
  return { ...budget, status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods } as never };
}
