import type { Node, NodeCondition } from '../../api/index.ts';

export function nodeCondition(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}

/** True, False or Unknown; undefined while nobody said anything. */
export function readyStatusOf(node: Node): string | undefined {
  return nodeCondition(node, 'Ready')?.status;
}

/** The namespace of the leases that node agents renew while they live. */
export const nodeLeaseNamespace = 'kube-node-lease';
