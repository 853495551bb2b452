/**
 * One namespace that is being deleted: deletes what is in it, pods before all else, tells what remains, and removes its
 * finalizer last. Upstream: namespace/deletion/namespaced_resources_deleter.go.
 */
import {
  builtInResources,
  isConflict,
  isNotFound,
  type Namespace,
  namespaces,
  pods,
  type ResourceType,
} from '../../api/index.ts';
import { type Clock, messageOf, timestamp } from '../../base/index.ts';
import { type Client, done, ifFound, type Lister, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { changedConditions } from './conditions.ts';

export interface NamespaceContext {
  readonly client: Client;
  readonly namespaces: Lister<Namespace>;
  readonly clock: Clock;
  /** Every kind that a namespace may hold. */
  readonly namespacedTypes: (signal: AbortSignal) => Promise<readonly ResourceType[]>;
}

/** Some of the content could not be deleted: tried again with growing pauses. */
class ContentDeletionError extends Error {
  override readonly name = 'ContentDeletionError';
}

const kubernetesFinalizer = 'kubernetes';

/** The end of what is left wakes the controller; this is for what nobody tells of. */
const recheckMs = 5_000;

export const contentTypes: readonly ResourceType[] = builtInResources.filter((type) => type.namespaced);

export async function syncNamespace(
  context: NamespaceContext,
  name: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const namespace = context.namespaces.get(name);
  if (!namespace?.metadata.deletionTimestamp) return done;
  if (!namespace.spec.finalizers?.includes(kubernetesFinalizer)) return done;
  const content = await emptyNamespace(context, name, signal);
  const told = await tell(context, namespace, content, signal);
  if (content.problems.length > 0) throw new ContentDeletionError(content.problems.join(', '));
  if (content.remaining.size > 0) return requeueAfter(recheckMs);
  const finalizers = namespace.spec.finalizers.filter((finalizer) => finalizer !== kubernetesFinalizer);
  const body = { ...told, spec: { ...told.spec, finalizers } };
  await ifFound(context.client.update(namespaces, body, { subresource: 'finalize', signal }));
  return done;
}

interface Findings {
  readonly remaining: Map<string, number>;
  readonly finalizers: Map<string, number>;
  readonly problems: string[];
}

/** Deletes everything in the namespace, and returns what is left. */
async function emptyNamespace(
  { client, namespacedTypes }: NamespaceContext,
  namespace: string,
  signal: AbortSignal,
): Promise<Findings> {
  const findings: Findings = { remaining: new Map(), finalizers: new Map(), problems: [] };
  // What pods run on, and what guards them, stays until they have ended.
  await deleteAll(client, { type: pods, namespace }, findings, signal);
  if (findings.remaining.size > 0 || findings.problems.length > 0) return findings;
  const types = await namespacedTypes(signal);
  await Promise.all(types.map((type) => deleteAll(client, { type, namespace }, findings, signal)));
  return findings;
}

async function deleteAll(
  client: Client,
  { type, namespace }: { readonly type: ResourceType; readonly namespace: string },
  { remaining, finalizers, problems }: Findings,
  signal: AbortSignal,
): Promise<void> {
  try {
    const before = await client.list(type, { namespace, signal });
    if (before.items.length === 0) return;
    await client.deleteCollection(type, { namespace }, { propagationPolicy: 'Background', signal });
    const { items } = await client.list(type, { namespace, signal });
    if (items.length > 0) remaining.set(`${type.plural}.${type.group}`, items.length);
    for (const { metadata } of items) {
      for (const finalizer of metadata.finalizers ?? [])
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    }
  } catch (error) {
    signal.throwIfAborted();
    // A server of another version does not have every kind.
    if (!isNotFound(error)) problems.push(messageOf(error));
  }
}

async function tell(
  { client, clock }: NamespaceContext,
  namespace: Namespace,
  content: Findings,
  signal: AbortSignal,
): Promise<Namespace> {
  const conditions = changedConditions(namespace, content, timestamp(clock));
  if (!conditions) return namespace;
  try {
    return await client.updateStatus(
      namespaces,
      { ...namespace, status: { ...namespace.status, conditions } },
      { signal },
    );
  } catch (error) {
    // Said again at the next look, which the change brings about.
    if (isConflict(error) || isNotFound(error)) return namespace;
    throw error;
  }
}
