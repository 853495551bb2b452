/** Brings one ReplicaSet, or ReplicationController, to its number of pods and writes its status. Upstream: replicaset/replica_set.go. */
import { isEqual, labelSelectorMatcher, type Pod } from '../../api/index.ts';
import { type Clock, messageOf, timestamp } from '../../base/index.ts';
import { done, type Informer, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { claimDependents, controllerOf, dependentsOf } from '../common/owners.ts';
import { isActive, nextAvailableInMs } from '../common/pod-availability.ts';
import {
  createPod,
  deletePod,
  inGrowingBatches,
  isNamespaceTerminating,
  type PodControl,
  podFromTemplate,
} from '../common/pod-control.ts';
import { pendingWriteTimeoutMs } from '../common/pod-writes.ts';
import { pickPodsToDelete } from './rank-pods.ts';
import type { ReplicaKind, Replicated } from './replica-kind.ts';
import { type ReplicaFailure, statusOf } from './replica-set-status.ts';

export interface ReplicaSetContext<T extends Replicated> extends PodControl {
  readonly kind: ReplicaKind<T>;
  readonly clock: Clock;
  readonly sets: Informer<T>;
  readonly pods: Informer<Pod>;
}

/** Pods that are created or deleted in one go; the rest follows at the next look. Upstream: BurstReplicas. */
const burstReplicas = 500;

export async function syncReplicaSet<T extends Replicated>(
  context: ReplicaSetContext<T>,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client, clock, writes, kind } = context;
  const set = context.sets.get(key);
  if (!set) return done;
  const selector = kind.selectorOf(set);
  const owned = writes.podsOf(set.metadata.uid);
  const claim = { client, ownerType: kind.type, owner: set, selector, dependents: context.pods, owned };
  const claimed = await claimDependents(claim, signal);
  const failed = set.metadata.deletionTimestamp ? undefined : await adjustReplicas(context, set, claimed, signal);
  signal.throwIfAborted();

  const observed = writes.refreshed(set, labelSelectorMatcher(selector), claimed);
  const nowMs = clock.now();
  const now = timestamp(clock);
  const status = statusOf(set, kind, { pods: observed, failure: failed?.failure, nowMs, now });
  if (!isEqual(set.status, status)) await client.updateStatus(kind.type, { ...set, status }, { signal });
  if (failed && !isNamespaceTerminating(failed.error)) throw failed.error;
  const waits = [
    nextAvailableInMs(observed, set.spec.minReadySeconds, nowMs),
    writes.isPending(set.metadata.uid) ? pendingWriteTimeoutMs : undefined,
    isMoreThanOneGo(set, claimed) && !failed ? 0 : undefined,
  ].filter((waitMs) => waitMs !== undefined);
  return waits.length > 0 ? requeueAfter(Math.min(...waits)) : done;
}

function surplusOf(set: Replicated, claimed: readonly Pod[]): number {
  return claimed.filter(isActive).length - (set.spec.replicas ?? 1);
}

function isMoreThanOneGo(set: Replicated, claimed: readonly Pod[]): boolean {
  return !set.metadata.deletionTimestamp && Math.abs(surplusOf(set, claimed)) > burstReplicas;
}

interface Failed {
  readonly error: unknown;
  readonly failure: ReplicaFailure;
}

async function adjustReplicas<T extends Replicated>(
  context: ReplicaSetContext<T>,
  set: T,
  claimed: readonly Pod[],
  signal: AbortSignal,
): Promise<Failed | undefined> {
  const active = claimed.filter(isActive);
  const surplus = surplusOf(set, claimed);
  if (surplus < 0) {
    const draft = podFromTemplate(set.spec.template ?? {}, set, context.kind.type);
    const count = Math.min(-surplus, burstReplicas);
    const error = await inGrowingBatches(count, () => createPod(context, set, draft, signal));
    return error === undefined ? undefined : failedBecause('FailedCreate', error);
  }
  if (surplus > 0) {
    const count = Math.min(surplus, burstReplicas);
    const doomed = pickPodsToDelete(active, relatedPods(context, set), count, context.clock.now());
    const results = await Promise.allSettled(doomed.map((pod) => deletePod(context, set, pod, signal)));
    const failed = results.find((result) => result.status === 'rejected');
    return failed && failedBecause('FailedDelete', failed.reason);
  }
  return undefined;
}

function failedBecause(reason: ReplicaFailure['reason'], error: unknown): Failed {
  return { error, failure: { reason, message: messageOf(error) } };
}

/** The active pods of all sets that the same Deployment controls. */
function relatedPods<T extends Replicated>({ sets, writes }: ReplicaSetContext<T>, set: T): readonly Pod[] {
  const controller = controllerOf(set);
  const siblings = controller ? dependentsOf(sets, controller.uid) : [set];
  return siblings.flatMap(({ metadata }) => writes.podsOf(metadata.uid)).filter(isActive);
}
