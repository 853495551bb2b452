/** Finds and records the revisions of an owner's template, and forgets those that nobody needs. */
import { type ControllerRevision, controllerRevisions, isAlreadyExists } from '../../api/index.ts';
import { type Client, type Informer, ifFound } from '../../client/index.ts';
import {
  expiredRevisions,
  type RevisionKind,
  revisionOf,
  sameTemplate,
  sortRevisions,
  type Templated,
} from './controller-revision.ts';
import { controllerOf, controllerReference, dependentsOf } from './owners.ts';

export interface RevisionContext {
  readonly client: Client;
  /** With the owner indexes. */
  readonly revisions: Informer<ControllerRevision>;
}

export interface RevisionOwner extends RevisionKind {
  readonly owner: Templated;
  readonly collisionCount: number;
}

export interface ResolvedRevision {
  /** The revision of the owner's template. */
  readonly update: ControllerRevision;
  readonly collisionCount: number;
}

/** Hashes that collide are told apart by a count; more than a few in a row cannot be chance. */
const maxCollisions = 20;

/** Finds the revision of the owner's template, or records it. An earlier revision that comes back is the newest again. */
export async function resolveRevision(
  context: RevisionContext,
  request: RevisionOwner,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  const { owner, collisionCount } = request;
  const revisions = sortRevisions(dependentsOf(context.revisions, owner.metadata.uid));
  const last = revisions.at(-1);
  const next = (last?.revision ?? 0) + 1;
  const equal = revisions.findLast((revision) => sameTemplate(revision, revisionOf(owner, request, next, 0)));
  if (!equal) return await createRevision(context, request, next, signal);
  if (equal === last) return { update: equal, collisionCount };
  const update = await context.client.update(controllerRevisions, { ...equal, revision: next }, { signal });
  return { update, collisionCount };
}

async function createRevision(
  { client }: RevisionContext,
  request: RevisionOwner,
  next: number,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  const { owner, type, collisionCount } = request;
  for (let count = collisionCount; ; count++) {
    const draft = revisionOf(owner, request, next, count);
    try {
      return { update: await client.create(controllerRevisions, draft, { signal }), collisionCount: count };
    } catch (error) {
      if (!isAlreadyExists(error) || count - collisionCount >= maxCollisions) throw error;
      const key = { namespace: owner.metadata.namespace, name: draft.metadata.name ?? '' };
      const existing = await client.get(controllerRevisions, key, { signal });
      if (!sameTemplate(existing, draft)) continue;
      const controller = controllerOf(existing);
      if (controller?.uid === owner.metadata.uid) return { update: existing, collisionCount: count };
      if (controller) continue;
      // Left behind by an owner of this name that was deleted without its dependents.
      const metadata = { ...existing.metadata, ownerReferences: [controllerReference(owner, type)] };
      const update = await client.update(controllerRevisions, { ...existing, metadata }, { signal });
      return { update, collisionCount: count };
    }
  }
}

/** `live` names the revisions that pods or the status refer to. */
export async function truncateHistory(
  { client, revisions }: RevisionContext,
  { owner, live, limit }: { readonly owner: Templated; readonly live: ReadonlySet<string>; readonly limit: number },
  signal: AbortSignal,
): Promise<void> {
  for (const { metadata } of expiredRevisions(dependentsOf(revisions, owner.metadata.uid), live, limit)) {
    const { namespace, name, uid } = metadata;
    await ifFound(client.delete(controllerRevisions, { namespace, name }, { preconditions: { uid }, signal }));
  }
}
