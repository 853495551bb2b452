/**
 * The next step of a DaemonSet's rolling update: which old pods go, and which nodes get a new pod beside the old one.
 * Pure. Upstream: daemon/update.go rollingUpdate.
 */
import type { DaemonSet, Pod } from '../../api/index.ts';
import { scaledValue } from '../common/int-or-percent.ts';
import { isAvailable, isTerminating } from '../common/pod-availability.ts';
import { isUpdated } from './daemon-pod.ts';
import { type DaemonAction, type DaemonState, type PodsByNode, sortDaemonPods } from './decide-daemons.ts';
import { nodeFit } from './node-fit.ts';

interface UpdateLimits {
  readonly surge: number;
  readonly unavailable: number;
}

function limitsOf({ spec }: DaemonSet, desired: number): UpdateLimits {
  const { maxSurge, maxUnavailable } = spec.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, desired, { roundUp: true });
  const unavailable = scaledValue(maxUnavailable, desired, { roundUp: true });
  // With neither, an update would never move.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function decideUpdate(state: DaemonState): readonly DaemonAction[] {
  const wanted = state.nodes.filter((node) => nodeFit(state.set, node).shouldRun).map(({ metadata }) => metadata.name);
  const limits = limitsOf(state.set, wanted.length);
  const byNode = new Map<string, readonly Pod[]>(wanted.map((name) => [name, state.pods.get(name) ?? []]));
  return limits.surge === 0 ? replacePods(state, byNode, limits) : surgePods(state, byNode, limits);
}

interface Pair {
  readonly oldPod: Pod | undefined;
  readonly newPod: Pod | undefined;
}

/** The one old and the one new pod of a node; undefined when there are too many, which is not the update's business. */
function pairOf(pods: readonly Pod[], hash: string): Pair | undefined {
  const staying = sortDaemonPods(pods.filter((pod) => !isTerminating(pod)));
  const newPods = staying.filter((pod) => isUpdated(pod, hash));
  const oldPods = staying.filter((pod) => !isUpdated(pod, hash));
  return newPods.length > 1 || oldPods.length > 1 ? undefined : { oldPod: oldPods[0], newPod: newPods[0] };
}

/** Deletes old pods: those that are not available anyway, and as many others as may be missing. */
function replacePods(state: DaemonState, byNode: PodsByNode, limits: UpdateLimits): readonly DaemonAction[] {
  const { set, hash, nowMs } = state;
  const isUp = (pod: Pod) => isAvailable(pod, set.spec.minReadySeconds, nowMs);
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let missing = 0;
  for (const pods of byNode.values()) {
    const { oldPod, newPod } = pairOf(pods, hash) ?? {};
    if (oldPod && !newPod) (isUp(oldPod) ? candidates : broken).push(oldPod);
    else if (oldPod || !newPod || !isUp(newPod)) missing++;
  }
  const chosen = candidates.slice(0, Math.max(0, limits.unavailable - missing));
  return [...broken, ...chosen].map((pod) => ({ kind: 'delete', pod }));
}

/** Makes new pods beside the old ones, and deletes an old one when its successor is available. */
function surgePods(state: DaemonState, byNode: PodsByNode, limits: UpdateLimits): readonly DaemonAction[] {
  const { set, hash, nowMs } = state;
  const isUp = (pod: Pod) => isAvailable(pod, set.spec.minReadySeconds, nowMs);
  const broken: string[] = [];
  const candidates: string[] = [];
  const relieved: Pod[] = [];
  let surging = 0;
  for (const [nodeName, pods] of byNode) {
    const pair = pairOf(pods, hash);
    if (!pair) surging++;
    else if (pair.oldPod && !pair.newPod) (isUp(pair.oldPod) ? candidates : broken).push(nodeName);
    else if (pair.oldPod && pair.newPod) {
      if (isUp(pair.newPod)) relieved.push(pair.oldPod);
      else surging++;
    }
  }
  const chosen = candidates.slice(0, Math.max(0, limits.surge - surging));
  return [
    ...relieved.map((pod): DaemonAction => ({ kind: 'delete', pod })),
    ...[...broken, ...chosen].map((nodeName): DaemonAction => ({ kind: 'create', nodeName })),
  ];
}
