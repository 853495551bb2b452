/**
 * The contract of scheduler plugins, with upstream's extension points and names. A pod passes PreEnqueue and QueueSort
 * in the queue; then, in one synchronous turn, PreFilter (once), Filter (per node), PostFilter when no node fits,
 * PreScore, Score and NormalizeScore over the nodes that fit, and Reserve; then, beside the next pods, PreBind, Bind and
 * PostBind. Unreserve takes Reserve back when anything later fails. A plugin that throws is a scheduler error, which is
 * tried again after a back-off; a Status is an answer.
 */
import type { Node, Pod } from '../../api/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { ClusterEventWithHint } from './cluster-event.ts';
import type { CycleState } from './cycle-state.ts';
import type { NodeStatuses } from './node-statuses.ts';
import type { Status } from './status.ts';

export type { ClusterEvent, ClusterEventWithHint, QueueingHint } from './cluster-event.ts';
export { on } from './cluster-event.ts';
export { CycleState } from './cycle-state.ts';
export type { NodeInfo, PodInfo, Snapshot };

/** The best score after NormalizeScore; the worst is 0. */
export const maxNodeScore = 100;

/** A pod in the queue, as QueueSort sees it. */
export interface QueuedPod {
  readonly pod: Pod;
  /** Attempts so far. */
  readonly attempts: number;
  /** When it came into the queue, or came back into it. Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When it was first seen. Milliseconds since the epoch. */
  readonly firstSeenMs: number;
}

export interface PreFilterResult {
  /** `skip`: the plugin's Filter is left out for this pod. Rejected: no node is looked at. */
  readonly status: Status;
  /** Only these nodes are worth a look. Undefined: all. */
  readonly nodeNames?: ReadonlySet<string>;
}

export interface PostFilterResult {
  readonly status: Status;
  /** Where the pod is to go once there is room. Empty: a nomination it has is to be cleared. Undefined: left as it is. */
  readonly nominatedNodeName?: string;
}

export interface Plugin {
  readonly name: string;
  /** What may make a pod schedulable that this plugin refused. Undefined: any event. */
  readonly events?: readonly ClusterEventWithHint[];
  /** Of its score among the scores of all plugins. Default 1. */
  readonly weight?: number;

  /** Whether the pod may enter the active queue at all. Asked again when the pod or one of `events` changes. */
  preEnqueue?(pod: Pod): Status;
  /** Which of two pods is to be taken first (QueueSort): negative when `a` is. One plugin of the profile has it. */
  compare?(a: QueuedPod, b: QueuedPod): number;

  preFilter?(state: CycleState, pod: Pod, snapshot: Snapshot): PreFilterResult;
  /** PreFilterExtensions: what PreFilter wrote, after one more pod is on the node. Preemption and nominations use it. */
  addPod?(state: CycleState, pod: Pod, added: PodInfo, node: NodeInfo): void;
  /** PreFilterExtensions: what PreFilter wrote, after one pod less is on the node. */
  removePod?(state: CycleState, pod: Pod, removed: PodInfo, node: NodeInfo): void;
  /** Pure. Answers with constants where it can: it is asked for each pod and node. */
  filter?(state: CycleState, pod: Pod, node: NodeInfo): Status;
  postFilter?(state: CycleState, pod: Pod, statuses: NodeStatuses, snapshot: Snapshot): PostFilterResult;

  /** `skip`: the plugin's Score is left out for this pod. `nodes` are those that fit; not asked when only one does. */
  preScore?(state: CycleState, pod: Pod, nodes: readonly NodeInfo[], snapshot: Snapshot): Status;
  /** 0 to 100 unless the plugin normalizes; higher is better. */
  score?(state: CycleState, pod: Pod, node: NodeInfo): number;
  /** Brings `scores`, one per node and changed in place, to whole numbers from 0 to 100. */
  normalizeScore?(state: CycleState, pod: Pod, scores: number[], nodes: readonly NodeInfo[]): void;

  /** Claims what the pod needs on the node, in memory, all or nothing. */
  reserve?(state: CycleState, pod: Pod, node: Node): Status;
  /** Idempotent; also called when this plugin's own Reserve was not reached. */
  unreserve?(state: CycleState, pod: Pod, node: Node): void;
  /** Writes what was reserved and waits until it holds. Throws to send the pod back. */
  preBind?(state: CycleState, pod: Pod, node: Node, signal: AbortSignal): Promise<void>;
  /** Writes the pod's node. The first plugin that has it binds. */
  bind?(state: CycleState, pod: Pod, node: Node, signal: AbortSignal): Promise<void>;
  postBind?(state: CycleState, pod: Pod, node: Node): void;
}
