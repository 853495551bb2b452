/**
 * Brings one volume to the nodes that want it and away from those that do not: reads, decides, acts. One volume is
 * worked on by one sync at a time, so at most one call per volume is on its way.
 */
import { unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { csiAttachmentName, parseCsiUniqueVolumeName } from '../../volume-plugins/index.ts';
import { announceAttached, announceBlocked, announceDetachFailed } from './announce.ts';
import { attach, attachInterrupted, awaitAttach } from './attach.ts';
import { type AttachContext, listedVolumes, nodesByVolume, type VolumeOnNode } from './attach-context.ts';
import { type AttachmentDecision, decideAttachment } from './decide-attachment.ts';
import { areFenced, detach, recheckSilentAgentMs } from './detach.ts';
import { isInUse } from './detach-evidence.ts';
import { isManagedNode } from './pod-volumes.ts';
import { reportAttached } from './report-attached.ts';

export async function syncVolume(
  context: AttachContext,
  volumeName: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  adoptAttachments(context, volumeName);
  // Detach first, then attach: what is freed now may be attached in this very run.
  const decisions = [...nodesConcerned(context, volumeName)].map((node) => ({
    node,
    decision: decide(context, volumeName, node),
  }));
  const leaving = decisions.filter(({ decision }) => isLeaving(decision));
  const staying = decisions.filter(({ decision }) => !isLeaving(decision));
  const delays: number[] = [];
  const failures: unknown[] = [];
  for (const { node, decision } of [...leaving, ...staying]) {
    recordDecision(context, volumeName, node, decision);
    try {
      delays.push(await act(context, { volumeName, node }, decision, signal));
    } catch (error) {
      // The other nodes of the volume have their turn all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  const delayMs = Math.min(...delays, Number.POSITIVE_INFINITY);
  return Number.isFinite(delayMs) ? requeueAfter(delayMs) : done;
}

/** Attachments of unknown volumes that turn out to be what a pod wants. */
function adoptAttachments({ actual, desired }: AttachContext, volumeName: string): void {
  const source = parseCsiUniqueVolumeName(volumeName);
  if (!source) return;
  for (const node of desired.nodesWanting(volumeName)) {
    const attachment = actual.get(csiAttachmentName(source, node));
    if (attachment) actual.set(attachment, [source]);
  }
}

function isLeaving({ kind }: AttachmentDecision): boolean {
  return kind === 'detach' || kind === 'awaitUnmount' || kind === 'awaitDetach' || kind === 'none';
}

function nodesConcerned({ desired, actual, nodeInformer }: AttachContext, volumeName: string): ReadonlySet<string> {
  return new Set([
    ...actual.attachmentsOf(volumeName).keys(),
    ...nodeInformer.byIndex(nodesByVolume, volumeName).map((node) => node.metadata.name),
    ...desired.nodesWanting(volumeName),
  ]);
}

function decide(context: AttachContext, volumeName: string, nodeName: string): AttachmentDecision {
  const { desired, actual, nodes } = context;
  const node = nodes.get(nodeName);
  const wanted = desired.wantedOn(volumeName, nodeName);
  const attachment = actual.attachmentsOf(volumeName).get(nodeName);
  return decideAttachment({
    wanted: wanted !== undefined,
    attachment,
    deleting: attachment !== undefined && actual.isDeleting(attachment),
    otherHolders: otherHolders(context, volumeName, nodeName),
    exclusive: wanted?.exclusive ?? false,
    inUse: node !== undefined && isInUse(node, volumeName),
    node: node === undefined ? 'gone' : isManagedNode(node) ? 'managed' : 'unmanaged',
  });
}

/** Nodes with an attachment in whatever state, and nodes that still list the volume although its attachment is gone. */
function otherHolders(context: AttachContext, volumeName: string, node: string): readonly string[] {
  const listing = context.nodeInformer
    .byIndex(nodesByVolume, volumeName)
    .map((other) => context.nodes.get(other.metadata.name) ?? other)
    .filter((other) => listedVolumes(other).includes(volumeName))
    .map((other) => other.metadata.name);
  const holders = new Set([...context.actual.attachmentsOf(volumeName).keys(), ...listing]);
  holders.delete(node);
  return [...holders].sort();
}

/** Returns after how many milliseconds to look again although nothing may have changed; Infinity for never. */
async function act(
  context: AttachContext,
  target: VolumeOnNode,
  decision: AttachmentDecision,
  signal: AbortSignal,
): Promise<number> {
  switch (decision.kind) {
    case 'attach':
      return await attachIfStillDue(context, target, signal);
    case 'awaitAttach':
      forgetUnwanted(context, target);
      // It may have been attached before: then the node believes it still is.
      await context.reports.flush(target.node, signal);
      return awaitAttach(context, target, decision.error);
    case 'attached':
      return await settleAttached(context, target, signal);
    case 'blocked':
      return await resolveBlock(context, target, decision.by, signal);
    case 'detach':
    case 'awaitUnmount':
      return await detach(context, target, decision.attachment, signal);
    case 'awaitDetach':
      await context.reports.flush(target.node, signal);
      attachInterrupted(context, target);
      if (decision.error) announceDetachFailed(context, target, decision.error);
      return Number.POSITIVE_INFINITY;
    case 'none':
      await context.reports.flush(target.node, signal);
      return Number.POSITIVE_INFINITY;
    default:
      return unreachable(decision, 'attachment decision');
  }
}

async function resolveBlock(
  context: AttachContext,
  target: VolumeOnNode,
  holders: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  if (holders.some((holder) => context.actual.attachmentsOf(target.volumeName).has(holder))) {
    announceBlocked(context, target, holders);
    return Number.POSITIVE_INFINITY;
  }
  if (await areFenced(context, target.volumeName, holders, signal)) return await attach(context, target, signal);
  announceBlocked(context, target, holders);
  return recheckSilentAgentMs;
}

/** Decisions of this run may have awaited detaches: only what still holds is attached. */
async function attachIfStillDue(context: AttachContext, target: VolumeOnNode, signal: AbortSignal): Promise<number> {
  if (decide(context, target.volumeName, target.node).kind === 'attach') return await attach(context, target, signal);
  context.queue.add(target.volumeName);
  return Number.POSITIVE_INFINITY;
}

async function settleAttached(context: AttachContext, target: VolumeOnNode, signal: AbortSignal): Promise<number> {
  const attachment = context.actual.attachmentsOf(target.volumeName).get(target.node);
  if (!attachment) return Number.POSITIVE_INFINITY;
  forgetUnwanted(context, target);
  await reportAttached(context, target, attachment, signal);
  announceAttached(context, target);
  return Number.POSITIVE_INFINITY;
}

function forgetUnwanted({ actual, unwantedSinceMs }: AttachContext, { volumeName, node }: VolumeOnNode): void {
  const attachment = actual.attachmentsOf(volumeName).get(node);
  if (attachment) unwantedSinceMs.delete(attachment.metadata.name);
}

function recordDecision(context: AttachContext, volumeName: string, node: string, decision: AttachmentDecision): void {
  const key = `volumeattachment/${volumeName}@${node}`;
  if (decision.kind === 'none') context.decisions.forget(key);
  else if ('attachment' in decision) context.decisions.record(key, decision.kind, { kind: decision.kind });
  else context.decisions.record(key, JSON.stringify(decision), decision);
}
