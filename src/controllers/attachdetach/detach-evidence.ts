/**
 * Whether a volume may be taken from a node. Pure. Time alone is never a reason: a volume that a living agent may have
 * mounted is left where it is, because detaching it destroys data. Where somebody says that the machine is gone, by the
 * out-of-service taint or by deleting the Node object, the agent's silence must bear it out.
 */
import type { Lease, Node, VolumeAttachment } from '../../api/index.ts';
import { taintOutOfService } from '../../component-helpers/index.ts';

/** As much of an attachment as counts. */
interface Attached {
  readonly metadata: Pick<VolumeAttachment['metadata'], 'creationTimestamp'>;
}

export interface NodeEvidence {
  /** As the API server has it now; undefined when the node was deleted. */
  readonly node: Node | undefined;
  /** What the node's agent renews while it lives. */
  readonly lease: Lease | undefined;
  readonly attachment: Attached;
  readonly nowMs: number;
  /** How long this process has seen that no pod wants the volume. */
  readonly unwantedForMs: number;
  /** How long this process has seen that there is no Node object. */
  readonly absentForMs: number;
  /** `--disable-force-detach-on-timeout=false` was chosen. */
  readonly forceDetachOnTimeout: boolean;
}

export type FenceReason = 'out-of-service' | 'node-deleted' | 'timeout';

export type DetachEvidence =
  | { readonly kind: 'unmounted' }
  /** The node cannot be using the volume any more, although nobody saw it let go. */
  | { readonly kind: 'fenced'; readonly reason: FenceReason }
  | { readonly kind: 'inUse'; readonly agentAlive: boolean };

/** How long a silent agent counts as alive. Upstream: node-monitor-grace-period. */
const agentGraceMs = 50_000;
/** Upstream: maxWaitForUnmountDuration. Counts only after it was opted in to. */
const maxWaitForUnmountMs = 6 * 60_000;

export function isInUse(node: Node, volumeName: string): boolean {
  return node.status?.volumesInUse?.includes(volumeName) ?? false;
}

export function findDetachEvidence(volumeName: string, evidence: NodeEvidence): DetachEvidence {
  const { node, attachment, forceDetachOnTimeout, unwantedForMs } = evidence;
  if (!node) return evidenceWithoutNode(evidence);
  const reported = isReady(node) || !isYounger(node, attachment);
  if (reported && !isInUse(node, volumeName)) return { kind: 'unmounted' };
  const agentAlive = isAgentAlive(evidence);
  if (agentAlive) return { kind: 'inUse', agentAlive };
  if (isOutOfService(node)) return { kind: 'fenced', reason: 'out-of-service' };
  const timedOut = forceDetachOnTimeout && unwantedForMs >= maxWaitForUnmountMs && !isReady(node);
  return timedOut ? { kind: 'fenced', reason: 'timeout' } : { kind: 'inUse', agentAlive };
}

/**
 * The lease of a node goes with its Node object, so a missing lease says nothing: an agent that lives makes both anew
 * within its grace, and ends what runs of pods that are gone.
 */
function evidenceWithoutNode(evidence: NodeEvidence): DetachEvidence {
  const agentAlive = isAgentAlive(evidence);
  const quietForMs = Math.min(evidence.absentForMs, evidence.unwantedForMs);
  if (agentAlive || quietForMs < agentGraceMs) return { kind: 'inUse', agentAlive };
  return { kind: 'fenced', reason: 'node-deleted' };
}

export function isOutOfService(node: Node): boolean {
  return node.spec.taints?.some((taint) => taint.key === taintOutOfService) ?? false;
}

/**
 * A Node object that was made anew under an attachment lists nothing until its agent has found what is mounted, and
 * is Ready.
 */
function isYounger({ metadata }: Node, attachment: Attached): boolean {
  return Date.parse(metadata.creationTimestamp) > Date.parse(attachment.metadata.creationTimestamp);
}

export function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** A fresh lease is the sign of life; without a lease, the node's own condition is. */
function isAgentAlive({ node, lease, nowMs }: NodeEvidence): boolean {
  const renewTime = lease?.spec?.renewTime;
  if (renewTime !== undefined) return nowMs - Date.parse(renewTime) < agentGraceMs;
  return node !== undefined && isReady(node);
}
