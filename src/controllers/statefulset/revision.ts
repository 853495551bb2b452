/**
 * The history of a StatefulSet's template: one ControllerRevision per distinct template, named by its hash.
 * Upstream: pkg/controller/history, statefulset/stateful_set_utils.go.
 */
import type { ControllerRevision, Draft, PodTemplateSpec, StatefulSet } from '../../api/index.ts';
import { canonicalText, hashOf } from '../common/template-hash.ts';

const hashLabel = 'controller.kubernetes.io/hash';
/** What a revision records: a patch that replaces the template. */
interface RevisionData {
  readonly spec: { readonly template: PodTemplateSpec & { readonly $patch: 'replace' } };
}

function dataOf(template: PodTemplateSpec): RevisionData {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The revision that the set's template is, as it would be created. */
export function revisionOf(set: StatefulSet, revision: number, collisionCount: number): Draft<ControllerRevision> {
  const data = dataOf(set.spec.template);
  const hash = hashOf(data, collisionCount);
  const { name, namespace, uid } = set.metadata;
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...set.spec.template.metadata?.labels, [hashLabel]: hash },
      ownerReferences: [owner],
    },
    data,
    revision,
  };
}

export function sameTemplate(left: Pick<ControllerRevision, 'data'>, right: Pick<ControllerRevision, 'data'>): boolean {
  return canonicalText(left.data) === canonicalText(right.data);
}

/** The template that a revision recorded. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  // Revisions that this controller owns hold what dataOf made.
  const { $patch: _, ...template } = (revision.data as RevisionData).spec.template;
  return template;
}

export function sortRevisions(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  return [...revisions].sort(
    (left, right) => left.revision - right.revision || (left.metadata.name < right.metadata.name ? -1 : 1),
  );
}

/** Revisions to delete: the oldest that no pod and no status refers to, beyond the limit. */
export function expiredRevisions(
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): readonly ControllerRevision[] {
  const dead = sortRevisions(revisions).filter(({ metadata }) => !live.has(metadata.name));
  return dead.slice(0, Math.max(0, dead.length - limit));
}
