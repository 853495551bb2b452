/**
 * Takes a volume from a node in two phases: first the node is no longer told that it has the volume, then the node is
 * read live; only when it does not use the volume is the attachment deleted. An agent reports a volume as in use before
 * it relies on being told, so one of the two always sees the other.
 */
import {
  isNotFound,
  type Lease,
  leases,
  type Node,
  nodes,
  type VolumeAttachment,
  volumeAttachments,
} from '../../api/index.ts';
import { ifFound, listLive } from '../common/read-live.ts';
import type { AttachContext } from './attach-context.ts';
import { type DetachEvidence, findDetachEvidence } from './detach-evidence.ts';

/** Where agents renew their leases. */
const nodeLeaseNamespace = 'kube-node-lease';
/** A lease that runs out tells nobody: while an agent that may be dead holds a volume, it is asked for anew. */
const recheckSilentAgentMs = 10_000;
/** An agent that is alive now may die without a word. */
const recheckAliveAgentMs = 60_000;

export interface DetachTarget {
  readonly volumeName: string;
  readonly node: string;
}

/** Returns after how many milliseconds to look again; Infinity when an event will tell. */
export async function detach(
  context: AttachContext,
  { volumeName, node }: DetachTarget,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<number> {
  const { actual, client, desired, reports, unwantedSinceMs } = context;
  const { name, uid } = attachment.metadata;
  const nowMs = context.clock.monotonic();
  if (!unwantedSinceMs.has(name)) unwantedSinceMs.set(name, nowMs);
  const early = await earlyEvidence(context, { volumeName, node }, name, signal);
  if (early?.kind === 'inUse') return waitFor(early);

  actual.markDetaching(name);
  const keep = async () => {
    actual.unmarkDetaching(name);
    await reports.flush(node, signal);
  };
  try {
    await reports.flush(node, signal);
    const evidence = await readEvidence(context, { volumeName, node }, name, signal);
    if (evidence.kind === 'inUse') {
      await keep();
      return waitFor(evidence);
    }
    // A pod may have come back while the node was asked.
    if (desired.isWanted(volumeName, node)) {
      await keep();
      context.queue.add(volumeName);
      return Number.POSITIVE_INFINITY;
    }
    if (evidence.kind === 'fenced') {
      context.logger.warn('detaching from a node that cannot confirm', {
        volume: volumeName,
        node,
        reason: evidence.reason,
      });
    }
    await client.delete(volumeAttachments, { name }, { preconditions: { uid }, signal });
    actual.markDeleted(uid);
  } catch (error) {
    if (!isNotFound(error)) {
      actual.unmarkDetaching(name);
      throw error;
    }
  }
  unwantedSinceMs.delete(name);
  context.pendingAttaches.delete(name);
  return Number.POSITIVE_INFINITY;
}

/** A cached report of use saves the node a needless change of its status. Only a fence can overrule it. */
async function earlyEvidence(
  context: AttachContext,
  target: DetachTarget,
  attachmentName: string,
  signal: AbortSignal,
): Promise<DetachEvidence | undefined> {
  const cached = context.nodes.get(target.node);
  if (!cached?.status?.volumesInUse?.includes(target.volumeName)) return undefined;
  const lease = await readLease(context, target.node, signal);
  return evidenceOf(context, target, attachmentName, { node: cached, lease });
}

async function readEvidence(
  context: AttachContext,
  target: DetachTarget,
  attachmentName: string,
  signal: AbortSignal,
): Promise<DetachEvidence> {
  const key = { name: target.node };
  const node = await ifFound(context.client.get(nodes, key, { signal }));
  if (node) context.nodes.record(node);
  const lease = await readLease(context, target.node, signal);
  return evidenceOf(context, target, attachmentName, { node, lease });
}

function evidenceOf(
  { clock, forceDetachOnTimeout, unwantedSinceMs }: AttachContext,
  { volumeName }: DetachTarget,
  attachmentName: string,
  seen: { readonly node: Node | undefined; readonly lease: Lease | undefined },
): DetachEvidence {
  const nowMs = clock.monotonic();
  const unwantedForMs = forceDetachOnTimeout ? nowMs - (unwantedSinceMs.get(attachmentName) ?? nowMs) : undefined;
  return findDetachEvidence(volumeName, { ...seen, nowMs: clock.now(), unwantedForMs });
}

async function readLease({ reader }: AttachContext, node: string, signal: AbortSignal): Promise<Lease | undefined> {
  return await listLive(reader, leases, { namespace: nodeLeaseNamespace, name: node }, signal);
}

/** A living agent reports when it lets go; a dead one falls silent without an event. */
function waitFor(evidence: DetachEvidence & { readonly kind: 'inUse' }): number {
  return evidence.agentAlive ? recheckAliveAgentMs : recheckSilentAgentMs;
}
