/** Makes a pod leave its node when it no longer tolerates a taint there. */
import { keyOf, type Node, nodes, type Pod, pods } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type ReconcileResult,
  requeueAfter,
} from '../../client/index.ts';
import { markDisrupted } from '../common/disrupt-pod.ts';
import { decideEviction, noExecuteTaints } from './decide-eviction.ts';

export interface TaintEvictionContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  /** Since when a pod's time runs, for taints that do not tell; by the pod's uid. */
  readonly runningSinceMs: Map<string, number>;
}

export async function syncPod(
  context: TaintEvictionContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { clock, runningSinceMs } = context;
  const pod = context.pods.get(key);
  if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp) return done;
  const { uid } = pod.metadata;
  const nowMs = clock.now();
  const sinceMs = runningSinceMs.get(uid) ?? nowMs;
  const decision = decideEviction(pod, noExecuteTaints(context.nodes.get(pod.spec.nodeName)), sinceMs);
  if (decision.kind === 'stay') {
    if (runningSinceMs.delete(uid)) {
      context.recorder.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${keyOf(pod)}`);
    }
    return done;
  }
  runningSinceMs.set(uid, sinceMs);
  if (decision.atMs > nowMs) return requeueAfter(decision.atMs - nowMs);
  await evict(context, pod, sinceMs, signal);
  return done;
}

/** The taint may have gone while the cache was behind: a pod that left does not come back. */
async function evict(
  { client, clock, recorder, runningSinceMs }: TaintEvictionContext,
  pod: Pod,
  sinceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const node = await ifFound(client.get(nodes, { name: pod.spec.nodeName ?? '' }, { signal }));
  const decision = decideEviction(pod, noExecuteTaints(node), sinceMs);
  if (decision.kind === 'stay' || decision.atMs > clock.now()) return;
  const live = await ifFound(client.get(pods, { namespace, name }, { signal }));
  if (live?.metadata.uid !== uid || live.metadata.deletionTimestamp) return;
  recorder.event(live, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyOf(live)}`);
  const message = 'Taint manager: deleting due to NoExecute taint';
  await markDisrupted({ client, clock }, live, { reason: 'DeletionByTaintManager', message, isFailed: false }, signal);
  await ifFound(client.delete(pods, { namespace, name }, { preconditions: { uid }, signal }));
  runningSinceMs.delete(uid);
}
