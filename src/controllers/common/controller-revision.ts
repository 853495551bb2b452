/**
 * The history of a template: one ControllerRevision per distinct template, named by its hash. Pure.
 * Upstream: pkg/controller/history.
 */
import type {
  ControllerRevision,
  Draft,
  KubernetesObject,
  NamespacedObjectMeta,
  PodTemplateSpec,
  ResourceType,
} from '../../api/index.ts';
import { controllerReference } from './owners.ts';
import { canonicalText, hashOf } from './template-hash.ts';

/** An object whose template has a history. */
export interface Templated extends KubernetesObject {
  readonly metadata: NamespacedObjectMeta;
  readonly spec: { readonly template: PodTemplateSpec };
}

/** How revisions of a kind are made. */
export interface RevisionKind {
  readonly type: ResourceType;
  /** The label of a revision that holds its hash. */
  readonly hashLabel: string;
}

/** What a revision records: a patch that replaces the template. */
interface RevisionData {
  readonly spec: { readonly template: PodTemplateSpec & { readonly $patch: 'replace' } };
}

function dataOf(template: PodTemplateSpec): RevisionData {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The revision that the owner's template is, as it would be created. */
export function revisionOf(
  owner: Templated,
  { type, hashLabel }: RevisionKind,
  revision: number,
  collisionCount: number,
): Draft<ControllerRevision> {
  const { template } = owner.spec;
  const data = dataOf(template);
  const hash = hashOf(data, collisionCount);
  const { name, namespace } = owner.metadata;
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
      ownerReferences: [controllerReference(owner, type)],
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
  // Revisions that a controller owns hold what dataOf made.
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
