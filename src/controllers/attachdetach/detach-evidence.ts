/**
 * Whether a volume may be taken from a node. Pure. Time alone is never a reason: a volume that a living agent may have
 * mounted is left where it is, because detaching it destroys data.
 */
import type { Lease, Node } from '../../api/index.ts';
import { taintOutOfService } from '../../component-helpers/index.ts';

export interface NodeEvidence {
  /** As the API server has it now; undefined when the node was deleted. */
  readonly node: Node | undefined;
  /** What the node's agent renews while it lives. */
  readonly lease: Lease | undefined;
  readonly nowMs: number;
  /** How long the volume has been unwanted, when `--disable-force-detach-on-timeout=false` was chosen. */
  readonly unwantedForMs: number | undefined;
}

export type DetachEvidence =
  | { readonly kind: 'unmounted' }
  /** The node cannot be using the volume any more, although nobody saw it let go. */
  | { readonly kind: 'fenced'; readonly reason: 'out-of-service' | 'node-deleted' | 'timeout' }
  | { readonly kind: 'inUse'; readonly agentAlive: boolean };

/** How long a silent agent counts as alive. Upstream: node-monitor-grace-period. */
const agentGraceMs = 50_000;
/** Upstream: maxWaitForUnmountDuration. Counts only after it was opted in to. */
const maxWaitForUnmountMs = 6 * 60_000;

export function isInUse(node: Node, volumeName: string): boolean {
  return node.status?.volumesInUse?.includes(volumeName) ?? false;
}

export function findDetachEvidence(volumeName: string, evidence: NodeEvidence): DetachEvidence {
  const { node, unwantedForMs } = evidence;
  const agentAlive = isAgentAlive(evidence);
  if (!node) return agentAlive ? { kind: 'inUse', agentAlive } : { kind: 'fenced', reason: 'node-deleted' };
  if (!isInUse(node, volumeName)) return { kind: 'unmounted' };
  if (agentAlive) return { kind: 'inUse', agentAlive };
  if (isOutOfService(node)) return { kind: 'fenced', reason: 'out-of-service' };
  if (unwantedForMs !== undefined && unwantedForMs >= maxWaitForUnmountMs) return { kind: 'fenced', reason: 'timeout' };
  return { kind: 'inUse', agentAlive };
}

export function isOutOfService(node: Node): boolean {
  return node.spec.taints?.some((taint) => taint.key === taintOutOfService) ?? false;
}

/** A fresh lease is the sign of life; without a lease, the node's own condition is. */
function isAgentAlive({ node, lease, nowMs }: NodeEvidence): boolean {
  const renewTime = lease?.spec?.renewTime;
  if (renewTime !== undefined) return nowMs - Date.parse(renewTime) < agentGraceMs;
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
