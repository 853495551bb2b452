/** One namespace that is being deleted: deletes what is in it, tells what remains, and removes its finalizer last. */
import { builtInResources, isNotFound, type Namespace, namespaces } from '../../api/index.ts';
import { type Clock, timestamp } from '../../base/index.ts';
import { type Client, done, type Lister, type ReconcileResult, requeueAfter } from '../../client/index.ts';

export interface NamespaceContext {
  readonly client: Client;
  readonly namespaces: Lister<Namespace>;
  readonly clock: Clock;
}

const kubernetesFinalizer = 'kubernetes';

/** What is left has finalizers or a grace period of its own; upstream too asks again after a while. */
const recheckMs = 500;

export async function syncNamespace(
  context: NamespaceContext,
  name: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const namespace = context.namespaces.get(name);
  if (!namespace?.metadata.deletionTimestamp) return done;
  if (!namespace.spec.finalizers?.includes(kubernetesFinalizer)) return done;
  const remaining = await emptyNamespace(context, name, signal);
  if (remaining.size > 0) {
    await tellRemaining(context, namespace, remaining, signal);
    return requeueAfter(recheckMs);
  }
  const finalizers = namespace.spec.finalizers.filter((finalizer) => finalizer !== kubernetesFinalizer);
  const body = { ...namespace, spec: { ...namespace.spec, finalizers } };
  try {
    await context.client.update(namespaces, body, { subresource: 'finalize', signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
  return done;
}

/** Deletes everything in the namespace; returns how many objects of each resource are left. */
async function emptyNamespace(
  context: NamespaceContext,
  name: string,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const { client } = context;
  const remaining = new Map<string, number>();
  const types = builtInResources.filter((type) => type.namespaced);
  await Promise.all(
    types.map(async (type) => {
      const { items } = await client.list(type, { namespace: name, signal });
      if (items.length === 0) return;
      await client.deleteCollection(type, { namespace: name }, { propagationPolicy: 'Background', signal });
      const left = (await client.list(type, { namespace: name, signal })).items.length;
      if (left > 0) remaining.set(type.plural, left);
    }),
  );
  return remaining;
}

async function tellRemaining(
  context: NamespaceContext,
  namespace: Namespace,
  remaining: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const parts = [...remaining].sort().map(([resource, count]) => `${resource}. has ${count} resource instances`);
  const message = `Some resources are remaining: ${parts.join(', ')}`;
  const known = namespace.status?.conditions?.find(({ type }) => type === 'NamespaceContentRemaining');
  if (known?.message === message) return;
  const condition = {
    type: 'NamespaceContentRemaining',
    status: 'True',
    reason: 'SomeResourcesRemain',
    message,
    lastTransitionTime: timestamp(context.clock),
  };
  const others = (namespace.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
  const status = { ...namespace.status, conditions: [...others, condition] };
  await context.client.updateStatus(namespaces, { ...namespace, status }, { signal });
}
