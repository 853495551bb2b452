/** Brings one DaemonSet a step further: reads, decides, acts, and writes the status. */
import {
  type ControllerRevision,
  type DaemonSet,
  daemonSets,
  isEqual,
  keyOf,
  labelSelectorMatcher,
  type Node,
  type Pod,
} from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { done, type Informer, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import type { RevisionKind } from '../common/controller-revision.ts';
import { claimDependents, dependentsOf } from '../common/owners.ts';
import { nextAvailableInMs } from '../common/pod-availability.ts';
import {
  createPod,
  deletePod,
  inGrowingBatches,
  isNamespaceTerminating,
  type PodControl,
} from '../common/pod-control.ts';
import { pendingWriteTimeoutMs } from '../common/pod-writes.ts';
import { resolveRevision, truncateHistory } from '../common/revision-history.ts';
import { daemonPodOf, hashLabel } from './daemon-pod.ts';
import { statusOf } from './daemon-set-status.ts';
import { type DaemonAction, type DaemonState, decideDaemons, groupByNode } from './decide-daemons.ts';
import { decideUpdate } from './decide-update.ts';
import type { FailedPodBackoff } from './failed-pod-backoff.ts';

export interface DaemonSetContext extends PodControl {
  readonly clock: Clock;
  readonly sets: Informer<DaemonSet>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly revisions: Informer<ControllerRevision>;
  readonly failures: FailedPodBackoff;
}

const revisionKind: RevisionKind = { type: daemonSets, hashLabel };
const defaultRevisionHistoryLimit = 10;
/** Pods that are created or deleted in one go; the rest follows at the next look. Upstream: BurstReplicas. */
const burstReplicas = 250;

export async function syncDaemonSet(
  context: DaemonSetContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client, clock, writes } = context;
  const set = context.sets.get(key);
  if (!set || set.metadata.deletionTimestamp) return done;
  const { selector } = set.spec;
  const request = { ...revisionKind, owner: set, collisionCount: set.status?.collisionCount ?? 0 };
  const { update, collisionCount } = await resolveRevision(context, request, signal);
  const hash = update.metadata.labels?.[hashLabel] ?? '';
  const owned = writes.podsOf(set.metadata.uid);
  const claim = { client, ownerType: daemonSets, owner: set, selector, dependents: context.pods, owned };
  const claimed = await claimDependents(claim, signal);

  const nowMs = clock.now();
  const nodes = context.nodes.list();
  const state: DaemonState = { set, nodes, pods: groupByNode(claimed), hash, nowMs };
  const outcome = await adjustDaemons(context, state, signal);
  signal.throwIfAborted();

  const observed = writes.refreshed(set, labelSelectorMatcher(selector), claimed);
  const status = statusOf({ ...state, pods: groupByNode(observed) }, collisionCount);
  if (!isEqual(set.status, status)) await client.updateStatus(daemonSets, { ...set, status }, { signal });
  if (outcome.error !== undefined && !isNamespaceTerminating(outcome.error)) throw outcome.error;
  await forgetRevisions(context, set, observed, update, signal);
  const waits = [
    nextAvailableInMs(observed, set.spec.minReadySeconds, nowMs),
    writes.isPending(set.metadata.uid) ? pendingWriteTimeoutMs : undefined,
    outcome.waitMs,
  ].filter((waitMs) => waitMs !== undefined);
  return waits.length > 0 ? requeueAfter(Math.min(...waits)) : done;
}

interface Outcome {
  readonly error?: unknown;
  /** When there is more to do, although nothing may change. */
  readonly waitMs?: number | undefined;
}

/** Nodes get and lose their pods; an update moves on when there is nothing else to do. */
async function adjustDaemons(context: DaemonSetContext, state: DaemonState, signal: AbortSignal): Promise<Outcome> {
  const { actions, waitMs } = afterBackoff(context, state.set, decideDaemons(state));
  if (actions.length > 0) return { ...(await carryOut(context, state, actions, signal)), waitMs };
  if ((state.set.spec.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return { waitMs };
  const outcome = await carryOut(context, state, decideUpdate(state), signal);
  return { ...outcome, waitMs: outcome.waitMs ?? waitMs };
}

/** Pods that ended are told of and deleted, those that failed not more often than their back-off allows. */
function afterBackoff(context: DaemonSetContext, set: DaemonSet, actions: readonly DaemonAction[]) {
  const ready: DaemonAction[] = [];
  let waitMs: number | undefined;
  for (const action of actions) {
    if (action.kind !== 'replace') {
      ready.push(action);
      continue;
    }
    const { pod, nodeName } = action;
    if (pod.status?.phase === 'Failed') {
      const { uid, generation } = set.metadata;
      const delayMs = context.failures.take(`${uid}/${generation}/${nodeName}`);
      if (delayMs > 0) {
        waitMs = Math.min(waitMs ?? delayMs, delayMs);
        continue;
      }
      const message = `Found failed daemon pod ${keyOf(pod)} on node ${nodeName}, will try to kill it`;
      context.recorder.event(set, 'Warning', 'FailedDaemonPod', message);
    } else {
      const message = `Found succeeded daemon pod ${keyOf(pod)} on node ${nodeName}, will try to delete it`;
      context.recorder.event(set, 'Normal', 'SucceededDaemonPod', message);
    }
    ready.push({ kind: 'delete', pod });
  }
  return { actions: ready, waitMs };
}

async function carryOut(
  context: DaemonSetContext,
  { set, hash }: DaemonState,
  actions: readonly DaemonAction[],
  signal: AbortSignal,
): Promise<Outcome> {
  const nodeNames = actions.flatMap((action) => (action.kind === 'create' ? [action.nodeName] : []));
  const doomed = actions.flatMap((action) => (action.kind === 'delete' ? [action.pod] : []));
  const creation = inGrowingBatches(Math.min(nodeNames.length, burstReplicas), async (index) => {
    await createPod(context, set, daemonPodOf(set, nodeNames[index] ?? '', hash), signal);
  });
  const deletions = doomed.slice(0, burstReplicas).map((pod) => deletePod(context, set, pod, signal));
  const [createError, results] = await Promise.all([creation, Promise.allSettled(deletions)]);
  const deleteError: unknown = results.find((result) => result.status === 'rejected')?.reason;
  const isMore = nodeNames.length > burstReplicas || doomed.length > burstReplicas;
  return { error: createError ?? deleteError, ...(isMore ? { waitMs: 0 } : {}) };
}

async function forgetRevisions(
  context: DaemonSetContext,
  set: DaemonSet,
  observed: readonly Pod[],
  update: ControllerRevision,
  signal: AbortSignal,
): Promise<void> {
  const hashes = new Set(observed.map(({ metadata }) => metadata.labels?.[hashLabel]));
  const revisions = dependentsOf(context.revisions, set.metadata.uid);
  const used = revisions.filter(({ metadata }) => hashes.has(metadata.labels?.[hashLabel]));
  const live = new Set([update, ...used].map(({ metadata }) => metadata.name));
  const limit = set.spec.revisionHistoryLimit ?? defaultRevisionHistoryLimit;
  await truncateHistory(context, { owner: set, live, limit }, signal);
}
