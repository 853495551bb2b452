/** Whether a node is to have a pod of a DaemonSet. Pure. Upstream: daemon_controller.go NodeShouldRunDaemonPod. */
import type { DaemonSet, Node, Pod } from '../../api/index.ts';
import { findUntoleratedTaint, podMatchesNode } from '../../component-helpers/index.ts';
import { daemonTolerations } from './daemon-pod.ts';

export interface NodeFit {
  readonly shouldRun: boolean;
  /** A pod that is there may stay although no new one would come. */
  readonly shouldContinueRunning: boolean;
}

const none: NodeFit = { shouldRun: false, shouldContinueRunning: false };

export function nodeFit(set: DaemonSet, node: Node): NodeFit {
  const spec = set.spec.template.spec;
  if (spec?.nodeName && spec.nodeName !== node.metadata.name) return none;
  // What the check reads of a pod is its spec.
  if (!podMatchesNode({ spec: spec ?? { containers: [] } } as Pod, node)) return none;
  const tolerations = daemonTolerations(spec);
  const { taints } = node.spec;
  if (!findUntoleratedTaint(taints, tolerations, ['NoExecute', 'NoSchedule'])) {
    return { shouldRun: true, shouldContinueRunning: true };
  }
  return {
    shouldRun: false,
    shouldContinueRunning: !findUntoleratedTaint(taints, tolerations, ['NoExecute']),
  };
}
