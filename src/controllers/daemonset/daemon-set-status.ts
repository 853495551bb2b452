/** The status of a DaemonSet, counted from nodes and pods. Pure. Upstream: daemon_controller.go updateDaemonSetStatus. */
import type { DaemonSetStatus } from '../../api/index.ts';
import { isPodReady } from '../../component-helpers/index.ts';
import { isAvailable } from '../common/pod-availability.ts';
import { isUpdated } from './daemon-pod.ts';
import { type DaemonState, sortDaemonPods } from './decide-daemons.ts';
import { nodeFit } from './node-fit.ts';

export function statusOf(state: DaemonState, collisionCount: number): DaemonSetStatus {
  const { set, nodes, pods, hash, nowMs } = state;
  let [desired, current, misscheduled, ready, available, updated] = [0, 0, 0, 0, 0, 0];
  for (const node of nodes) {
    const [pod] = sortDaemonPods(pods.get(node.metadata.name) ?? []);
    if (!nodeFit(set, node).shouldRun) {
      if (pod) misscheduled++;
      continue;
    }
    desired++;
    if (!pod) continue;
    current++;
    if (isPodReady(pod)) ready++;
    if (isAvailable(pod, set.spec.minReadySeconds, nowMs)) available++;
    if (isUpdated(pod, hash)) updated++;
  }
  const unavailable = desired - available;
  const { generation } = set.metadata;
  const { conditions } = set.status ?? {};
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...(generation ? { observedGeneration: generation } : {}),
    ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
    ...(available > 0 ? { numberAvailable: available } : {}),
    ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
    ...(collisionCount > 0 ? { collisionCount } : {}),
    ...(conditions ? { conditions } : {}),
  };
}
