/** Which ReplicaSet of a Deployment is the current one, and how it is made. Pure. */
import {
  type Deployment,
  type Draft,
  deployments,
  isEqual,
  type PodTemplateSpec,
  type ReplicaSet,
} from '../../api/index.ts';
import { controllerReference } from '../common/owners.ts';
import { hashOf } from '../common/template-hash.ts';
import { annotationsOfNew, revisionOf } from './annotations.ts';

export const hashLabel = 'pod-template-hash';

/** Upstream: the name of an object may have this many characters. */
const longestName = 253;

export interface RolloutSets {
  /** The set with the Deployment's template. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export function sameTemplateButHash(left: PodTemplateSpec | undefined, right: PodTemplateSpec | undefined): boolean {
  return isEqual(withoutHash(left), withoutHash(right));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  if (template?.metadata?.labels?.[hashLabel] === undefined) return template ?? {};
  const { [hashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function byAge(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return [...sets].sort(
    (left, right) => compareAge(left, right) || (left.metadata.name < right.metadata.name ? -1 : 1),
  );
}

export function compareAge({ metadata: left }: ReplicaSet, { metadata: right }: ReplicaSet): number {
  if (left.creationTimestamp === right.creationTimestamp) return 0;
  return left.creationTimestamp < right.creationTimestamp ? -1 : 1;
}

/** The oldest set with the template is the current one, so that two of them never take turns. */
export function splitSets(deployment: Deployment, sets: readonly ReplicaSet[]): RolloutSets {
  const sorted = byAge(sets);
  const current = sorted.find(({ spec }) => sameTemplateButHash(spec.template, deployment.spec.template));
  return { current, old: sorted.filter((set) => set !== current) };
}

export function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

export interface NewSet {
  readonly replicas: number;
  readonly revision: number;
  readonly collisionCount: number;
}

export function replicaSetOf(
  deployment: Deployment,
  { replicas, revision, collisionCount }: NewSet,
): Draft<ReplicaSet> {
  const { template, selector, minReadySeconds } = deployment.spec;
  const { name, namespace } = deployment.metadata;
  const hash = hashOf(template, collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    metadata: {
      name: `${name.slice(0, longestName - hash.length - 1)}-${hash}`,
      ...(namespace ? { namespace } : {}),
      labels,
      annotations: annotationsOfNew(deployment, revision),
      ownerReferences: [controllerReference(deployment, deployments)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
