/**
 * Takes a volume from a node in two phases: first the node is no longer told that it has the volume, then the node is
 * read live; only when it does not use the volume is the attachment deleted. An agent reports a volume as in use before
 * it relies on being told, so one of the two always sees the other. The delete holds only for the version of the
 * attachment that was decided on: who tells the node of the volume again in place of this controller writes to it first.
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
import { ifFound } from '../../client/index.ts';
import { listLive } from '../common/read-live.ts';
import type { AttachContext, VolumeOnNode } from './attach-context.ts';
import { type DetachEvidence, findDetachEvidence } from './detach-evidence.ts';
import { isFlexAttachment } from './flex-record.ts';
import { reportAttached } from './report-attached.ts';

/** Where agents renew their leases. */
const nodeLeaseNamespace = 'kube-node-lease';
/** A lease that runs out tells nobody: while an agent that may be dead holds a volume, it is asked for anew. */
export const recheckSilentAgentMs = 10_000;
/** An agent that is alive now may die without a word. */
const recheckAliveAgentMs = 60_000;

/** Returns after how many milliseconds to look again; Infinity when an event will tell. */
export async function detach(
  context: AttachContext,
  target: VolumeOnNode,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<number> {
  const { clock, flex, queue, unwantedSinceMs } = context;
  const { name } = attachment.metadata;
  const waitMs = isFlexAttachment(attachment) ? (flex?.waitMs(context, target) ?? 0) : 0;
  if (waitMs > 0) return waitMs;
  if (!unwantedSinceMs.has(name)) unwantedSinceMs.set(name, clock.monotonic());
  const evidence =
    (await earlyEvidence(context, target, attachment, signal)) ??
    (await detachInTwoPhases(context, target, attachment, signal));
  if (evidence === 'wantedAgain') queue.add(target.volumeName);
  if (evidence === 'wantedAgain' || evidence.kind !== 'inUse') return Number.POSITIVE_INFINITY;
  await reportAttached(context, target, attachment, signal);
  // A living agent reports when it lets go; a dead one falls silent without an event.
  return evidence.agentAlive ? recheckAliveAgentMs : recheckSilentAgentMs;
}

async function detachInTwoPhases(
  context: AttachContext,
  target: VolumeOnNode,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<DetachEvidence | 'wantedAgain'> {
  const { actual, desired, reports } = context;
  const { name } = attachment.metadata;
  actual.markDetaching(name);
  let deleted = false;
  try {
    await reports.flush(target.node, signal);
    const evidence = await readEvidence(context, target, attachment, signal);
    if (evidence.kind === 'inUse') return evidence;
    // A pod may have come back while the node was asked.
    if (desired.isWanted(target.volumeName, target.node)) return 'wantedAgain';
    await deleteAttachment(context, target, attachment, evidence, signal);
    deleted = true;
    return evidence;
  } finally {
    if (!deleted) {
      actual.unmarkDetaching(name);
      // Another controller may have come as far as this one, and is not to delete what the node is told of again.
      actual.unsecure(attachment);
    }
  }
}

/**
 * Whether none of the nodes can use the volume that they still list, although it has no attachment there any more. A
 * machine that was given up never takes the volume off its list.
 */
export async function areFenced(
  context: AttachContext,
  volumeName: string,
  holders: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const { actual, clock, unwantedSinceMs } = context;
  for (const node of holders) {
    if (actual.attachmentsOf(volumeName).has(node)) return false;
    const key = listingKey(volumeName, node);
    if (!unwantedSinceMs.has(key)) unwantedSinceMs.set(key, clock.monotonic());
    const evidence = await readEvidence(context, { volumeName, node }, noAttachment(key), signal);
    if (evidence.kind === 'inUse') return false;
  }
  for (const node of holders) unwantedSinceMs.delete(listingKey(volumeName, node));
  return true;
}

/** Where it is kept since when a volume without an attachment is unwanted on a node that lists it. */
function listingKey(volumeName: string, node: string): string {
  return `${volumeName}@${node}`;
}

/** Younger than any node, so that what the node lists counts. */
function noAttachment(name: string): Known {
  return { metadata: { name, creationTimestamp: '9999-12-31T00:00:00Z' } };
}

/** As much of an attachment as the evidence depends on. */
interface Known {
  readonly metadata: Pick<VolumeAttachment['metadata'], 'name' | 'creationTimestamp'>;
}

async function deleteAttachment(
  context: AttachContext,
  { volumeName, node }: VolumeOnNode,
  attachment: VolumeAttachment,
  evidence: LiveEvidence,
  signal: AbortSignal,
): Promise<void> {
  const { actual, client, flex, forcedDetachListeners, logger, pendingAttaches, unwantedSinceMs } = context;
  const { name, uid, resourceVersion } = attachment.metadata;
  try {
    if (isFlexAttachment(attachment)) {
      await flex?.detach(context, { volumeName, node }, { attachment, nodeVersion: evidence.nodeVersion }, signal);
    } else {
      await client.delete(volumeAttachments, { name }, { preconditions: { uid, resourceVersion }, signal });
      actual.markDeleted(attachment);
    }
    if (evidence.kind === 'fenced') {
      const { reason } = evidence;
      // The node goes on listing the volume, and has been waited for.
      unwantedSinceMs.set(listingKey(volumeName, node), unwantedSinceMs.get(name) ?? 0);
      logger.warn('detaching from a node that cannot confirm', { volume: volumeName, node, reason });
      for (const listener of forcedDetachListeners) listener(reason);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  unwantedSinceMs.delete(name);
  pendingAttaches.delete(name);
}

/** A cached report of use saves the node a needless change of its status: no evidence but that the agent uses it. */
async function earlyEvidence(
  context: AttachContext,
  target: VolumeOnNode,
  attachment: VolumeAttachment,
  signal: AbortSignal,
): Promise<(DetachEvidence & { readonly kind: 'inUse' }) | undefined> {
  const cached = context.nodes.get(target.node);
  if (!cached) return undefined;
  const withoutLease = evidenceOf(context, target, attachment, { node: cached, lease: undefined });
  if (withoutLease.kind === 'unmounted') return undefined;
  const lease = await readLease(context, target.node, signal);
  const evidence = evidenceOf(context, target, attachment, { node: cached, lease });
  return evidence.kind === 'inUse' ? evidence : undefined;
}

/** Asks for node and lease live. */
export async function readEvidence(
  context: AttachContext,
  target: VolumeOnNode,
  attachment: Known,
  signal: AbortSignal,
): Promise<LiveEvidence> {
  const { absentSinceMs, client, clock } = context;
  const key = { name: target.node };
  const node = await ifFound(client.get(nodes, key, { signal }));
  if (node) {
    context.nodes.record(node);
    absentSinceMs.delete(target.node);
  } else if (!absentSinceMs.has(target.node)) absentSinceMs.set(target.node, clock.monotonic());
  const lease = await readLease(context, target.node, signal);
  return { ...evidenceOf(context, target, attachment, { node, lease }), nodeVersion: node?.metadata.resourceVersion };
}

/** Evidence with the version of the node that it was found on; undefined when there is no such node. */
type LiveEvidence = DetachEvidence & { readonly nodeVersion: string | undefined };

function evidenceOf(
  { absentSinceMs, clock, forceDetachOnTimeout, unwantedSinceMs }: AttachContext,
  { node: nodeName, volumeName }: VolumeOnNode,
  attachment: Known,
  seen: { readonly node: Node | undefined; readonly lease: Lease | undefined },
): DetachEvidence {
  const nowMs = clock.monotonic();
  const unwantedForMs = nowMs - (unwantedSinceMs.get(attachment.metadata.name) ?? nowMs);
  const absentForMs = nowMs - (absentSinceMs.get(nodeName) ?? nowMs);
  return findDetachEvidence(volumeName, {
    ...seen,
    attachment,
    nowMs: clock.now(),
    unwantedForMs,
    absentForMs,
    forceDetachOnTimeout,
  });
}

async function readLease({ reader }: AttachContext, node: string, signal: AbortSignal): Promise<Lease | undefined> {
  return await listLive(reader, leases, { namespace: nodeLeaseNamespace, name: node }, signal);
}
