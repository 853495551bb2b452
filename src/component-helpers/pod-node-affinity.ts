import { nodeSelectorMatches, type Pod, type SelectableNode } from '../api/index.ts';

/** Whether the node satisfies the pod's nodeSelector and its required node affinity. */
export function podMatchesNode(pod: Pod, node: SelectableNode): boolean {
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (node.metadata.labels?.[key] !== value) return false;
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || nodeSelectorMatches(required, node);
}
