/** One object, by uid: acts on it as a dependent and as an owner. */
import { groupOf, isConflict, isNotFound, type KubernetesObject, type OwnerReference } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { type Client, done, type ReconcileResult, requeueAfter, type WorkQueue } from '../../client/index.ts';
import { decideDependent, decideOwner, foregroundFinalizer, type OwnerState, type OwnerView } from './decide.ts';
import type { FollowedKinds } from './followed-kinds.ts';
import type { GraphNode, OwnerGraph } from './owner-graph.ts';

export interface CollectorContext {
  readonly client: Client;
  readonly graph: OwnerGraph;
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly kinds: Pick<FollowedKinds, 'find'>;
}

/** A conflict means that somebody else is at it: look again shortly. */
const conflictRetryMs = 50;

export async function syncObject(
  context: CollectorContext,
  uid: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const node = context.graph.node(uid);
  if (!node) return done;
  try {
    await syncAsDependent(context, node, signal);
    await syncAsOwner(context, node, signal);
    return done;
  } catch (thrown) {
    if (isNotFound(thrown)) return done;
    if (isConflict(thrown)) return requeueAfter(conflictRetryMs);
    throw thrown;
  }
}

async function syncAsDependent(
  context: CollectorContext,
  { type, object }: GraphNode,
  signal: AbortSignal,
): Promise<void> {
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0) return;
  const { namespace } = object.metadata;
  const owners = await Promise.all(
    references.map(async (reference): Promise<OwnerView> => {
      return { reference, state: await ownerState(context, reference, namespace, signal) };
    }),
  );
  const decision = decideDependent(object, owners, context.graph.dependents(object.metadata.uid).length > 0);
  const { uid, resourceVersion } = object.metadata;
  switch (decision.kind) {
    case 'keep':
      return;
    case 'dropReferences': {
      const body = { metadata: { uid, resourceVersion, ownerReferences: decision.remaining } };
      await context.client.patch(type, object.metadata, { type: 'merge', body }, { signal });
      return;
    }
    case 'delete': {
      const { propagationPolicy } = decision;
      // Only as it was when this was decided: it may have been adopted since.
      const preconditions = { uid, resourceVersion };
      await context.client.delete(type, object.metadata, { propagationPolicy, preconditions, signal });
      return;
    }
    default:
      unreachable(decision);
  }
}

/** Asks the server: a cache that has not heard of an owner yet must not cost the dependent its life. */
async function ownerState(
  context: CollectorContext,
  reference: OwnerReference,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<OwnerState> {
  const type = context.kinds.find(groupOf(reference.apiVersion), reference.kind);
  // A kind we do not know may be served by somebody else: not ours to judge.
  if (!type) return 'solid';
  // An owner must live in its dependent's namespace or in none: what cannot be looked up is not gone.
  if (type.namespaced && namespace === undefined) return 'solid';
  const known = context.graph.node(reference.uid)?.object;
  try {
    const key = type.namespaced ? { namespace, name: reference.name } : { name: reference.name };
    const owner = known && !known.metadata.deletionTimestamp ? known : await context.client.get(type, key, { signal });
    if (owner.metadata.uid !== reference.uid) return 'gone';
    const foreground = owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes(foregroundFinalizer);
    return foreground ? 'deletingInForeground' : 'solid';
  } catch (thrown) {
    if (isNotFound(thrown)) return 'gone';
    throw thrown;
  }
}

async function syncAsOwner(context: CollectorContext, { type, object }: GraphNode, signal: AbortSignal): Promise<void> {
  const dependents = context.graph.dependents(object.metadata.uid);
  const decision = decideOwner(
    object,
    dependents.map((node) => node.object),
  );
  switch (decision.kind) {
    case 'nothing':
      return;
    case 'wait':
      for (const { metadata } of decision.blocking) context.queue.add(metadata.uid);
      return;
    case 'orphan':
      // The dependents' own updates bring the owner back, until none is left.
      for (const node of dependents) await forgetOwner(context, node, object.metadata.uid, signal);
      return;
    case 'release': {
      const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== decision.finalizer);
      const { uid, resourceVersion } = object.metadata;
      const body = { metadata: { uid, resourceVersion, finalizers } };
      await context.client.patch<KubernetesObject>(type, object.metadata, { type: 'merge', body }, { signal });
      return;
    }
    default:
      unreachable(decision);
  }
}

async function forgetOwner(
  context: CollectorContext,
  { type, object }: GraphNode,
  ownerUid: string,
  signal: AbortSignal,
) {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid);
  const { uid, resourceVersion } = object.metadata;
  const body = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    await context.client.patch(type, object.metadata, { type: 'merge', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}
