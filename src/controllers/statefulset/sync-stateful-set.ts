/** Brings one StatefulSet a step further: reads, decides, acts, and writes the status. */
import {
  type ControllerRevision,
  keyOf,
  labelSelectorMatcher,
  type Pod,
  persistentVolumeClaims,
  pods,
  type StatefulSet,
  statefulSets,
} from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, ifFound, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { type RevisionKind, templateOf } from '../common/controller-revision.ts';
import { dependentsOf } from '../common/owners.ts';
import { resolveRevision, truncateHistory } from '../common/revision-history.ts';
import { withRetention } from './claim-retention.ts';
import { availableInMs, decideSet, isRunningAndReady, revisionNameOf, type SetAction } from './decide-set.ts';
import { arrangePods, type PodsOfSet, parsePodName } from './ordinals.ts';
import { claimsOf, ownerReferenceTo, podOf, statefulSetType, withIdentity } from './pod-of-set.ts';
import type { StatefulSetContext } from './set-context.ts';
import { sameStatus, statusOf } from './set-status.ts';
import { createPod, deletePod, ensureClaims, updatePod } from './set-writes.ts';

/** Index of pods by `namespace/set` as their names tell. */
export const podsByParent = 'statefulset/parent';
const revisionKind: RevisionKind = { type: statefulSets, hashLabel: 'controller.kubernetes.io/hash' };
const defaultRevisionHistoryLimit = 10;

export async function syncStatefulSet(
  context: StatefulSetContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const set = context.sets.get(key);
  if (!set) return done;
  const owned = await claimPods(context, set, signal);
  if (set.metadata.deletionTimestamp) return done;
  const arranged = arrangePods(set, owned);
  const history = await resolveRevisions(context, set, signal);
  const nowMs = context.clock.now();
  const names = {
    currentRevision: history.current.metadata.name,
    updateRevision: history.update.metadata.name,
    collisionCount: history.collisionCount,
  };
  const status = statusOf(set, owned, names, nowMs);
  const actions = decideSet({
    set,
    pods: arranged,
    ...names,
    currentReplicas: set.status?.currentReplicas ?? 0,
    nowMs,
  });
  try {
    await ensureRetention(context, set, arranged, signal);
    for (const action of actions) await act(context, set, history, action, signal);
  } finally {
    if (!sameStatus(set.status, status))
      await context.client.updateStatus(statefulSets, { ...set, status }, { signal });
  }
  await truncateHistory(context, { owner: set, live: liveRevisions(owned, names), limit: historyLimit(set) }, signal);
  return nextLook(set, owned, nowMs);
}

/** A pod that is ready becomes available without an event. */
function nextLook(set: StatefulSet, owned: readonly Pod[], nowMs: number): ReconcileResult {
  const waits = owned.filter(isRunningAndReady).map((pod) => availableInMs(pod, set, nowMs));
  const delayMs = Math.min(...waits.filter((wait) => wait > 0));
  return Number.isFinite(delayMs) ? requeueAfter(delayMs) : done;
}

/** The pods that the set controls. Pods of its names and labels that nobody controls are adopted. */
async function claimPods(context: StatefulSetContext, set: StatefulSet, signal: AbortSignal): Promise<readonly Pod[]> {
  const selector = labelSelectorMatcher(set.spec.selector);
  const owned: Pod[] = [];
  for (const pod of context.pods.byIndex(podsByParent, keyOf(set))) {
    const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller);
    if (controller?.uid === set.metadata.uid) owned.push(pod);
    else if (!controller && selector.matches(pod.metadata.labels) && !pod.metadata.deletionTimestamp) {
      const adopted = await adopt(context, set, pod, signal);
      if (adopted) owned.push(adopted);
    }
  }
  return owned;
}

async function adopt(
  { client }: StatefulSetContext,
  set: StatefulSet,
  pod: Pod,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const live = await ifFound(
    client.get(statefulSets, { namespace: set.metadata.namespace, name: set.metadata.name }, { signal }),
  );
  if (live?.metadata.uid !== set.metadata.uid || live.metadata.deletionTimestamp) return undefined;
  const ownerReferences = [...(pod.metadata.ownerReferences ?? []), ownerReferenceTo(set, statefulSetType)];
  return await client.update(pods, { ...pod, metadata: { ...pod.metadata, ownerReferences } }, { signal });
}

interface History {
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly collisionCount: number;
}

async function resolveRevisions(context: StatefulSetContext, set: StatefulSet, signal: AbortSignal): Promise<History> {
  const request = { ...revisionKind, owner: set, collisionCount: set.status?.collisionCount ?? 0 };
  const resolved = await resolveRevision(context, request, signal);
  const revisions = dependentsOf(context.revisions, set.metadata.uid);
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision);
  return { current: current ?? resolved.update, ...resolved };
}

function historyLimit(set: StatefulSet): number {
  return set.spec.revisionHistoryLimit ?? defaultRevisionHistoryLimit;
}

function liveRevisions(
  owned: readonly Pod[],
  { currentRevision, updateRevision }: { readonly currentRevision: string; readonly updateRevision: string },
): ReadonlySet<string> {
  const names = [currentRevision, updateRevision, ...owned.map(revisionNameOf)];
  return new Set(names.filter((name) => name !== undefined));
}

/** Claims get or lose their owners before any pod is deleted: afterwards nobody would know. */
async function ensureRetention(
  { client, claims }: StatefulSetContext,
  set: StatefulSet,
  { replicas, condemned }: PodsOfSet,
  signal: AbortSignal,
): Promise<void> {
  const kept = replicas.map(({ pod }) => ({ pod, condemned: false }));
  for (const { pod, condemned: isCondemned } of [...kept, ...condemned.map((pod) => ({ pod, condemned: true }))]) {
    const ordinal = pod && parsePodName(pod.metadata.name)?.ordinal;
    if (!pod || ordinal === undefined) continue;
    for (const { metadata } of claimsOf(set, ordinal)) {
      const claim = claims.get(`${set.metadata.namespace}/${metadata.name}`);
      const changed = claim && withRetention(claim, { set, pod, condemned: isCondemned });
      if (changed) await client.update(persistentVolumeClaims, changed, { signal });
    }
  }
}

async function act(
  context: StatefulSetContext,
  set: StatefulSet,
  history: History,
  action: SetAction,
  signal: AbortSignal,
): Promise<void> {
  switch (action.kind) {
    case 'create': {
      const revision = action.revision === 'current' ? history.current : history.update;
      const identity = { ordinal: action.ordinal, template: templateOf(revision), revision: revision.metadata.name };
      return await createPod(context, set, { draft: podOf(set, identity), ordinal: action.ordinal }, signal);
    }
    case 'ensureClaims':
      return await ensureClaims(context, set, action.ordinal, signal);
    case 'replace': {
      const { pod } = action;
      const failed = pod.status?.phase === 'Failed';
      const message = `StatefulSet ${keyOf(set)} is recreating ${failed ? 'failed' : 'terminated'} Pod ${pod.metadata.name}`;
      const reason = failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod';
      context.recorder.event(set, failed ? 'Warning' : 'Normal', reason, message);
      return await deletePod(context, set, pod, signal);
    }
    case 'identify':
      return await updatePod(context, set, withIdentity(action.pod, action.ordinal), signal);
    case 'scaleDown':
    case 'update':
      return await deletePod(context, set, action.pod, signal);
    default:
      unreachable(action, 'action');
  }
}
