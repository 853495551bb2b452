/**
 * Which pods of a DaemonSet are made and which go, so that every node that is to have one has exactly one. Pure.
 * Upstream: daemon_controller.go manage, podsShouldBeOnNode.
 */
import type { DaemonSet, Node, Pod } from '../../api/index.ts';
import { isPodReady } from '../../component-helpers/index.ts';
import { isAvailable, isTerminating } from '../common/pod-availability.ts';
import { isUpdated, targetNodeOf } from './daemon-pod.ts';
import { nodeFit } from './node-fit.ts';

/** The pods of a set by the node that they are on or meant for; pods meant for no node at all under ''. */
export type PodsByNode = ReadonlyMap<string, readonly Pod[]>;

export interface DaemonState {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: PodsByNode;
  /** The hash of the set's template. */
  readonly hash: string;
  readonly nowMs: number;
}

export type DaemonAction =
  | { readonly kind: 'create'; readonly nodeName: string }
  | { readonly kind: 'delete'; readonly pod: Pod }
  /** The pod ended, and makes room for the next. One that failed waits for its back-off. */
  | { readonly kind: 'replace'; readonly pod: Pod; readonly nodeName: string };

export function groupByNode(pods: readonly Pod[]): PodsByNode {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) {
    const nodeName = targetNodeOf(pod) ?? '';
    const group = groups.get(nodeName);
    if (group) group.push(pod);
    else groups.set(nodeName, [pod]);
  }
  return groups;
}

/** Scheduled pods first, the oldest first. */
export function sortDaemonPods(pods: readonly Pod[]): readonly Pod[] {
  const isBound = ({ spec }: Pod) => (spec.nodeName ? 0 : 1);
  return [...pods].sort((left, right) => {
    if (isBound(left) !== isBound(right)) return isBound(left) - isBound(right);
    const [a, b] = [left.metadata, right.metadata];
    if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp ? -1 : 1;
    return a.name < b.name ? -1 : 1;
  });
}

export function decideDaemons(state: DaemonState): readonly DaemonAction[] {
  const actions: DaemonAction[] = [];
  for (const node of state.nodes) decideNode(state, node, actions);
  const known = new Set(state.nodes.map(({ metadata }) => metadata.name));
  for (const [nodeName, pods] of state.pods) {
    if (nodeName === '' || known.has(nodeName)) continue;
    // Their node is gone before they got there: the scheduler would wait for it for ever.
    for (const pod of pods) if (!pod.spec.nodeName && !isTerminating(pod)) actions.push({ kind: 'delete', pod });
  }
  return actions;
}

function decideNode(state: DaemonState, node: Node, actions: DaemonAction[]): void {
  const { shouldRun, shouldContinueRunning } = nodeFit(state.set, node);
  const nodeName = node.metadata.name;
  const pods = state.pods.get(nodeName);
  if (!pods) {
    if (shouldRun) actions.push({ kind: 'create', nodeName });
    return;
  }
  const staying = pods.filter((pod) => !isTerminating(pod));
  if (!shouldContinueRunning) {
    for (const pod of staying) actions.push({ kind: 'delete', pod });
    return;
  }
  const running: Pod[] = [];
  for (const pod of staying) {
    const { phase } = pod.status ?? {};
    if (phase === 'Failed' || phase === 'Succeeded') actions.push({ kind: 'replace', pod, nodeName });
    else running.push(pod);
  }
  for (const pod of surplusOf(state, running)) actions.push({ kind: 'delete', pod });
}

/** One pod per node; while an update surges, an old and a new one. */
function surplusOf(state: DaemonState, running: readonly Pod[]): readonly Pod[] {
  if (running.length <= 1) return [];
  const sorted = sortDaemonPods(running);
  if (!allowsSurge(state.set)) return sorted.slice(1);
  const { set, hash, nowMs } = state;
  const newest = sorted.find((pod) => isUpdated(pod, hash));
  const oldest = sorted.find((pod) => !isUpdated(pod, hash));
  const surplus = sorted.filter((pod) => pod !== newest && pod !== oldest);
  if (!newest || !oldest) return surplus;
  const isRelieved = !isPodReady(oldest) || isAvailable(newest, set.spec.minReadySeconds, nowMs);
  return isRelieved ? [...surplus, oldest] : surplus;
}

export function allowsSurge({ spec }: DaemonSet): boolean {
  const surge = spec.updateStrategy?.rollingUpdate?.maxSurge;
  return surge !== undefined && surge !== 0 && surge !== '0%';
}
