/**
 * The next things to do for a StatefulSet. Pure. Ordered sets do one thing and wait for its effect; parallel sets do
 * everything at once. Upstream: statefulset/stateful_set_control.go updateStatefulSet.
 */
import type { Pod, StatefulSet } from '../../api/index.ts';
import { isPodReady } from '../../component-helpers/index.ts';
import type { PodsOfSet } from './ordinals.ts';
import { hasIdentity, revisionLabel } from './pod-of-set.ts';

export type SetAction =
  /** `revision` tells which template the pod is made from. */
  | { readonly kind: 'create'; readonly ordinal: number; readonly revision: 'current' | 'update' }
  /** The pod ended although it should run for ever: it makes room for its successor. */
  | { readonly kind: 'replace'; readonly pod: Pod }
  | { readonly kind: 'scaleDown'; readonly pod: Pod }
  | { readonly kind: 'update'; readonly pod: Pod }
  /** The pod has not started: claims that vanished under it are made again. */
  | { readonly kind: 'ensureClaims'; readonly ordinal: number }
  /** Somebody took the labels from the pod by which it is found. */
  | { readonly kind: 'identify'; readonly pod: Pod; readonly ordinal: number };

export interface SetState {
  readonly set: StatefulSet;
  readonly pods: PodsOfSet;
  /** The name of the revision that pods are to have in the end. */
  readonly updateRevision: string;
  readonly currentRevision: string;
  /** How many pods have the current revision. */
  readonly currentReplicas: number;
  readonly nowMs: number;
}

export function isCreated(pod: Pod): boolean {
  return Boolean(pod.status?.phase);
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

/** Ready for at least minReadySeconds. */
export function isAvailable(pod: Pod, set: StatefulSet, nowMs: number): boolean {
  return isRunningAndReady(pod) && availableInMs(pod, set, nowMs) === 0;
}

/** How long a ready pod has to stay so to count as available. */
export function availableInMs(pod: Pod, set: StatefulSet, nowMs: number): number {
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  const since = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  if (minReadyMs === 0 || since === undefined) return 0;
  return Math.max(0, Date.parse(since) + minReadyMs - nowMs);
}

export function revisionNameOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.[revisionLabel];
}

/** Whether the pod holds nothing up: it runs, is ready long enough and stays. */
function isHealthy(pod: Pod, { set, nowMs }: SetState): boolean {
  return isAvailable(pod, set, nowMs) && !isTerminating(pod);
}

export function decideSet(state: SetState): readonly SetAction[] {
  const { set } = state;
  if (set.metadata.deletionTimestamp) return [];
  const ordered = set.spec.podManagementPolicy !== 'Parallel';
  const actions: SetAction[] = [];
  if (fillReplicas(state, ordered, actions)) return actions;
  if (scaleDown(state, ordered, actions)) return actions;
  if (set.spec.updateStrategy?.type === 'OnDelete') return actions;
  rollUpdate(state, actions);
  return actions;
}

/** Answers whether an ordered set must wait here. */
function fillReplicas(state: SetState, ordered: boolean, actions: SetAction[]): boolean {
  for (const { ordinal, pod } of state.pods.replicas) {
    if (!pod) {
      actions.push({ kind: 'create', ordinal, revision: isCurrentNeeded(state, ordinal) ? 'current' : 'update' });
      if (ordered) return true;
      continue;
    }
    if (hasEnded(pod) && !isTerminating(pod)) {
      actions.push({ kind: 'replace', pod });
      if (ordered) return true;
      continue;
    }
    if (pod.status?.phase === 'Pending' && !isTerminating(pod)) actions.push({ kind: 'ensureClaims', ordinal });
    if (ordered && !isHealthy(pod, state)) return true;
    if (!hasIdentity(pod, ordinal)) actions.push({ kind: 'identify', pod, ordinal });
  }
  return false;
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** A pod that comes back below the partition, or before the update reached it, comes back as it was. */
function isCurrentNeeded(
  { set, currentRevision, updateRevision, currentReplicas }: SetState,
  ordinal: number,
): boolean {
  if (currentRevision === updateRevision) return false;
  const strategy = set.spec.updateStrategy;
  if ((strategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return false;
  const start = set.spec.ordinals?.start ?? 0;
  const partition = strategy?.rollingUpdate?.partition;
  return ordinal < start + (partition ?? currentReplicas);
}

/** From the highest ordinal down. An unhealthy pod below holds it up, unless it is the one to go. */
function scaleDown(state: SetState, ordered: boolean, actions: SetAction[]): boolean {
  const unhealthy = firstUnhealthy(state);
  for (const pod of state.pods.condemned.toReversed()) {
    if (isTerminating(pod)) {
      if (ordered) return true;
      continue;
    }
    if (ordered && !isHealthy(pod, state) && pod !== unhealthy) return true;
    actions.push({ kind: 'scaleDown', pod });
    if (ordered) return true;
  }
  return false;
}

function firstUnhealthy(state: SetState): Pod | undefined {
  const { replicas, condemned } = state.pods;
  const all = [...replicas.map(({ pod }) => pod), ...condemned].filter((pod) => pod !== undefined);
  return all.find((pod) => !isHealthy(pod, state));
}

/** One pod at a time, from the highest ordinal down to the partition, waiting for each to be healthy again. */
function rollUpdate(state: SetState, actions: SetAction[]): void {
  const { set, pods, updateRevision } = state;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (const { pod } of pods.replicas.slice(partition).reverse()) {
    if (!pod) return;
    if (revisionNameOf(pod) !== updateRevision && !isTerminating(pod)) {
      actions.push({ kind: 'update', pod });
      return;
    }
    if (!isHealthy(pod, state)) return;
  }
}
