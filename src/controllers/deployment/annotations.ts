/**
 * What a Deployment writes into the annotations of its ReplicaSets: its own annotations, the revision, and the size of
 * the whole at the last scaling. Pure. Upstream: deployment/util/deployment_util.go.
 */
import type { Deployment, ReplicaSet } from '../../api/index.ts';
import { annLastApplied } from '../../component-helpers/index.ts';
import { maxSurgeOf } from './limits.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
const rollbackAnnotation = 'deprecated.deployment.rollback.to';

/** An annotation must not grow with every rollback. Upstream: maxRevHistoryLengthInChars. */
const maxHistoryLength = 2000;

const notCopied: ReadonlySet<string> = new Set([
  annLastApplied,
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  rollbackAnnotation,
]);

type Annotations = Readonly<Record<string, string>>;

function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** 0 for a set that carries none. */
export function revisionOf(set: ReplicaSet): number {
  return integerOf(set.metadata.annotations?.[revisionAnnotation]) ?? 0;
}

export function desiredReplicasOf(set: ReplicaSet): number | undefined {
  return integerOf(set.metadata.annotations?.[desiredReplicasAnnotation]);
}

export function maxReplicasOf(set: ReplicaSet): number | undefined {
  return integerOf(set.metadata.annotations?.[maxReplicasAnnotation]);
}

function copied(deployment: Deployment): Annotations {
  const entries = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  return Object.fromEntries(entries);
}

/** The size of the whole, which a later scaling takes its proportions from. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const replicas = deployment.spec.replicas ?? 1;
  return {
    [desiredReplicasAnnotation]: String(replicas),
    [maxReplicasAnnotation]: String(replicas + maxSurgeOf(deployment)),
  };
}

/** The annotations of a ReplicaSet that is about to be created. */
export function annotationsOfNew(deployment: Deployment, revision: number): Annotations {
  return { ...copied(deployment), [revisionAnnotation]: String(revision), ...sizeAnnotations(deployment) };
}

/** The annotations of the ReplicaSet that has the Deployment's template; `revision` is one more than any other's. */
export function annotationsOfCurrent(deployment: Deployment, set: ReplicaSet, revision: number): Annotations {
  const before = set.metadata.annotations ?? {};
  const annotations = { ...before, ...copied(deployment) };
  const known = revisionOf(set);
  if (known >= revision) return annotations;
  const next = { ...annotations, [revisionAnnotation]: String(revision) };
  if (before[revisionAnnotation] === undefined) return next;
  return { ...next, [revisionHistoryAnnotation]: historyWith(before[revisionHistoryAnnotation], known) };
}

/** The revisions that the set was before, the oldest first; the oldest are forgotten when they are too many. */
function historyWith(history: string | undefined, revision: number): string {
  const revisions = history ? history.split(',') : [];
  revisions.push(String(revision));
  while (revisions.length > 1 && revisions.join(',').length > maxHistoryLength) revisions.shift();
  return revisions.join(',');
}
