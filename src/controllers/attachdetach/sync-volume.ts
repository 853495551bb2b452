/**
 * Brings one volume to the nodes that want it and away from those that do not: reads, decides, acts. One volume is
 * worked on by one sync at a time, so at most one call per volume is on its way.
 */
import { isAlreadyExists, isNotFound, keyOf, volumeAttachments } from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { done, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { csiAttachmentName, parseCsiUniqueVolumeName } from '../../volume-plugins/index.ts';
import { type AttachContext, listedVolumes, nodesByVolume } from './attach-context.ts';
import { type AttachmentDecision, decideAttachment, isExclusive } from './decide-attachment.ts';
import { detach } from './detach.ts';
import { isInUse } from './detach-evidence.ts';
import { attachFailed, attachSucceeded, attachTimedOut, multiAttachError } from './messages.ts';
import { isManagedNode } from './pod-volumes.ts';

/** How long an attacher may take before users are told. Upstream: csiTimeout of the CSI attacher. */
const attachTimeoutMs = 120_000;

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
  for (const { node, decision } of [...leaving, ...staying]) {
    recordDecision(context, volumeName, node, decision);
    delays.push(await act(context, { volumeName, node }, decision, signal));
  }
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
  const { desired, actual, nodes, volumes } = context;
  const node = nodes.get(nodeName);
  const persistentVolume = desired.persistentVolumeOf(volumeName);
  const attachment = actual.attachmentsOf(volumeName).get(nodeName);
  return decideAttachment({
    wanted: desired.isWanted(volumeName, nodeName),
    attachment,
    deleting: attachment !== undefined && actual.isDeleting(attachment),
    otherHolders: otherHolders(context, volumeName, nodeName),
    exclusive: isExclusive(persistentVolume === undefined ? undefined : volumes.get(persistentVolume)),
    inUse: node !== undefined && isInUse(node, volumeName),
    managed: node === undefined || isManagedNode(node),
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

export interface VolumeOnNode {
  readonly volumeName: string;
  readonly node: string;
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
      return await attach(context, target, signal);
    case 'awaitAttach':
      return awaitAttach(context, target, decision.error);
    case 'attached':
      forgetUnwanted(context, target);
      await context.reports.flush(target.node, signal);
      announceAttached(context, target);
      return Number.POSITIVE_INFINITY;
    case 'blocked':
      announceBlocked(context, target, decision.by);
      return Number.POSITIVE_INFINITY;
    case 'detach':
    case 'awaitUnmount':
      return await detach(context, target, decision.attachment, signal);
    case 'awaitDetach':
      await context.reports.flush(target.node, signal);
      if (decision.error) announceToPods(context, target, decision.error);
      return Number.POSITIVE_INFINITY;
    case 'none':
      await context.reports.flush(target.node, signal);
      return Number.POSITIVE_INFINITY;
    default:
      return unreachable(decision, 'attachment decision');
  }
}

async function attach(
  context: AttachContext,
  { volumeName, node }: VolumeOnNode,
  signal: AbortSignal,
): Promise<number> {
  const { actual, client, clock, desired, pendingAttaches } = context;
  // Decisions of this run may have awaited detaches: only what still holds is attached.
  const source = parseCsiUniqueVolumeName(volumeName);
  const persistentVolumeName = desired.persistentVolumeOf(volumeName);
  const decision = decide(context, volumeName, node);
  if (decision.kind !== 'attach' || !source || persistentVolumeName === undefined) {
    context.queue.add(volumeName);
    return Number.POSITIVE_INFINITY;
  }
  const name = csiAttachmentName(source, node);
  pendingAttaches.set(name, { sinceMs: clock.monotonic() });
  const spec = { attacher: source.driver, nodeName: node, source: { persistentVolumeName } };
  try {
    const created = await client.create(volumeAttachments, { metadata: { name }, spec }, { signal });
    // The watch may have been faster, and may know more.
    if (!actual.get(name)) actual.set(created, [source]);
  } catch (error) {
    if (!isAlreadyExists(error)) {
      announceToPods(context, { volumeName, node }, error instanceof Error ? error.message : String(error));
      throw error;
    }
    context.logger.debug('attachment exists already', { attachment: name, volume: volumeName, node });
  }
  return attachTimeoutMs;
}

/** The attacher works on it, or failed and tries again: users are told what it says, or that it is silent. */
function awaitAttach(context: AttachContext, target: VolumeOnNode, error: string | undefined): number {
  const source = parseCsiUniqueVolumeName(target.volumeName);
  if (!source) return Number.POSITIVE_INFINITY;
  const name = csiAttachmentName(source, target.node);
  const nowMs = context.clock.monotonic();
  const pending = context.pendingAttaches.get(name) ?? { sinceMs: nowMs };
  context.pendingAttaches.set(name, pending);
  if (error) {
    announceToPods(context, target, error);
    return Number.POSITIVE_INFINITY;
  }
  const leftMs = pending.sinceMs + attachTimeoutMs - nowMs;
  if (leftMs > 0) return leftMs;
  announceToPods(context, target, attachTimedOut(source.driver, source.volumeHandle));
  void confirmAttachment(context, name);
  return attachTimeoutMs;
}

/** An attachment that never changes may have been deleted unseen. */
async function confirmAttachment({ client, actual, queue, logger }: AttachContext, name: string): Promise<void> {
  try {
    await client.get(volumeAttachments, { name });
  } catch (error) {
    if (!isNotFound(error)) {
      logger.debug('attachment could not be read', { attachment: name, error });
      return;
    }
    const volumeName = actual.delete(name);
    if (volumeName !== undefined) queue.add(volumeName);
  }
}

function forgetUnwanted({ actual, unwantedSinceMs }: AttachContext, { volumeName, node }: VolumeOnNode): void {
  const attachment = actual.attachmentsOf(volumeName).get(node);
  if (attachment) unwantedSinceMs.delete(attachment.metadata.name);
}

/** Tells the pods once, and only of attaches that this process saw happen. */
function announceAttached(context: AttachContext, { volumeName, node }: VolumeOnNode): void {
  const source = parseCsiUniqueVolumeName(volumeName);
  const volume = context.desired.persistentVolumeOf(volumeName);
  if (!source || volume === undefined) return;
  if (!context.pendingAttaches.delete(csiAttachmentName(source, node))) return;
  const { type, reason, message } = attachSucceeded(volume);
  for (const pod of context.desired.podsWanting(volumeName, node)) {
    // What failed before and fails again is news again.
    context.announcer.forget(keyOf(pod), volumeName);
    context.recorder.event(pod, type, reason, message);
  }
}

function announceToPods(context: AttachContext, { volumeName, node }: VolumeOnNode, why: string): void {
  const volume = context.desired.persistentVolumeOf(volumeName);
  if (volume === undefined) return;
  for (const pod of context.desired.podsWanting(volumeName, node)) {
    context.announcer.announce(pod, attachFailed(volume, why), volumeName);
  }
}

function announceBlocked(context: AttachContext, { volumeName, node }: VolumeOnNode, holders: readonly string[]): void {
  const { desired, announcer } = context;
  const volume = desired.persistentVolumeOf(volumeName);
  if (volume === undefined) return;
  const podsElsewhere = holders.flatMap((holder) => desired.podsWanting(volumeName, holder));
  for (const pod of desired.podsWanting(volumeName, node)) {
    announcer.announce(pod, multiAttachError(volume, pod, podsElsewhere), volumeName);
  }
}

function recordDecision(context: AttachContext, volumeName: string, node: string, decision: AttachmentDecision): void {
  const key = `volumeattachment/${volumeName}@${node}`;
  if (decision.kind === 'none') context.decisions.forget(key);
  else if ('attachment' in decision) context.decisions.record(key, decision.kind, { kind: decision.kind });
  else context.decisions.record(key, JSON.stringify(decision), decision);
}
