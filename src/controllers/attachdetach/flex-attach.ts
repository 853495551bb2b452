/**
 * Attaches FlexVolumes to nodes and detaches them, by calls to their drivers beside this controller. Calls run in the
 * background, one at a time for a volume on a node; their end wakes the volume. A volume whose call failed or was cut
 * short counts as attached until it was detached, and is attached anew before a node is told of it.
 *
 * Upstream: operation_generator.go GenerateAttachVolumeFunc, GenerateDetachVolumeFunc.
 */

import { type Node, nodes, type VolumeAttachment } from '../../api/index.ts';
import { Backoff, isAbort, messageOf, timestamp } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import type { FlexControllerPlugin } from '../../volume-plugins/index.ts';
import { announceAttachFailed, announceDetachFailed } from './announce.ts';
import type { AttachContext, FlexAttachments, FlexDetach, VolumeOnNode } from './attach-context.ts';
import {
  type FlexState,
  flexAttachment,
  flexAttachmentName,
  flexNoteKey,
  flexNoteValue,
  flexVolumesOf,
  isFlexAttachment,
} from './flex-record.ts';
import { isManagedNode } from './pod-volumes.ts';

/** Upstream's back-off of volume operations. */
const retryBackoff = { initialMs: 500, maxMs: 122_000 };

export class FlexAttacher implements FlexAttachments {
  readonly plugin: FlexControllerPlugin;
  readonly #backoff = new Backoff<string>(retryBackoff);
  readonly #retryAtMs = new Map<string, number>();
  readonly #calls = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(plugin: FlexControllerPlugin) {
    this.plugin = plugin;
  }

  /** Notes the intent, then begins. Returns after how many milliseconds to look again; Infinity when it will be woken. */
  async attach(context: AttachContext, target: VolumeOnNode, signal: AbortSignal): Promise<number> {
    const { clock, nodes: cache, pendingAttaches } = context;
    const since = timestamp(clock);
    const annotations = { [flexNoteKey(target.volumeName)]: flexNoteValue(target.volumeName, since) };
    pendingAttaches.set(flexAttachmentName(target), { sinceMs: clock.monotonic() });
    cache.record(await annotate(context, target.node, annotations, signal));
    this.#hold(context, target, { attached: false, since });
    return this.awaitAttach(context, target);
  }

  /** Sees to it that the call runs, again when it has failed before. */
  awaitAttach(context: AttachContext, target: VolumeOnNode): number {
    const { actual, clock, desired, pendingAttaches } = context;
    const name = flexAttachmentName(target);
    const spec = desired.wantedOn(target.volumeName, target.node)?.flex;
    const since = actual.get(name)?.metadata.creationTimestamp;
    if (!spec || since === undefined) return Number.POSITIVE_INFINITY;
    if (!pendingAttaches.has(name)) pendingAttaches.set(name, { sinceMs: clock.monotonic() });
    return this.#run(context, target, async (signal) => {
      try {
        const devicePath = await this.plugin.attach(spec, target.node, signal);
        this.#hold(context, target, { attached: true, devicePath, since });
      } catch (thrown) {
        if (isAbort(thrown)) throw thrown;
        const attachError = messageOf(thrown);
        this.#hold(context, target, { attached: false, attachError, since });
        announceAttachFailed(context, target, attachError);
        throw thrown;
      }
    });
  }

  /**
   * The node has let go of the volume, as far as can be known. What has changed on the Node since that was seen, a volume
   * in use or one that another controller told it of again, makes this fail.
   */
  async detach(
    context: AttachContext,
    target: VolumeOnNode,
    { attachment, nodeVersion }: FlexDetach,
    signal: AbortSignal,
  ): Promise<void> {
    const since = attachment.metadata.creationTimestamp;
    if (nodeVersion !== undefined) {
      const note = flexNoteValue(target.volumeName, since, `${context.instance.id}/${++context.instance.reports}`);
      const annotations = { [flexNoteKey(target.volumeName)]: note };
      context.nodes.record(await annotate(context, target.node, annotations, signal, nodeVersion));
    }
    this.#beginDetach(context, target, attachment);
  }

  #beginDetach(context: AttachContext, target: VolumeOnNode, { metadata }: VolumeAttachment): void {
    const since = metadata.creationTimestamp;
    this.#run(context, target, async (signal) => {
      this.#hold(context, target, { attached: false, detaching: true, since });
      try {
        await this.plugin.detach(target.volumeName, target.node, signal);
        const annotations = { [flexNoteKey(target.volumeName)]: null };
        const node = await ifFound(annotate(context, target.node, annotations, signal));
        if (node) context.nodes.record(node);
        this.#forget(context, metadata.name);
      } catch (thrown) {
        if (isAbort(thrown)) throw thrown;
        context.actual.unmarkDetaching(metadata.name);
        const detachError = messageOf(thrown);
        this.#hold(context, target, { attached: false, detachError, since });
        announceDetachFailed(context, target, detachError);
        throw thrown;
      }
    });
  }

  /** After how many milliseconds a call for the volume may begin; Infinity while one runs, whose end wakes the volume. */
  waitMs({ clock }: Pick<AttachContext, 'clock'>, target: VolumeOnNode): number {
    const name = flexAttachmentName(target);
    if (this.#calls.has(name)) return Number.POSITIVE_INFINITY;
    return Math.max((this.#retryAtMs.get(name) ?? 0) - clock.monotonic(), 0);
  }

  /** Takes note of what a Node says: at the start, and where another controller was at work. */
  observe(context: AttachContext, node: Node): void {
    if (!isManagedNode(node)) return;
    const name = node.metadata.name;
    const said = flexVolumesOf(node, (driver) => this.plugin.attaches(driver));
    for (const [volumeName, state] of said) {
      const target = { volumeName, node: name };
      if (context.actual.get(flexAttachmentName(target))) continue;
      this.#hold(context, target, state);
      context.queue.add(volumeName);
    }
    for (const attachment of [...context.actual.attachmentsOn(name)].filter(isFlexAttachment)) {
      const volumeName = context.actual.volumeNameOf(attachment.metadata.name);
      if (volumeName === undefined || said.has(volumeName) || this.#calls.has(attachment.metadata.name)) continue;
      this.#forget(context, attachment.metadata.name);
      context.queue.add(volumeName);
    }
  }

  /** Asks whether what is thought to be attached still is. Upstream: GenerateVolumesAreAttachedFunc. */
  verify(context: AttachContext): void {
    for (const attachmentName of [...context.actual.attachmentNames()]) {
      const attachment = context.actual.get(attachmentName);
      const volumeName = context.actual.volumeNameOf(attachmentName);
      if (!attachment || volumeName === undefined || !isFlexAttachment(attachment)) continue;
      const target = { volumeName, node: attachment.spec.nodeName };
      const spec = context.desired.wantedOn(volumeName, target.node)?.flex;
      if (!spec || !context.actual.isUsable(attachment)) continue;
      this.#run(context, target, async (signal) => {
        // Who cannot be asked is believed to have what it was given.
        const isAttached = await this.plugin.isAttached(spec, target.node, signal).catch(() => undefined);
        if (isAttached !== false) return;
        context.logger.warn('a FlexVolume is no longer attached', { volume: volumeName, node: target.node });
        this.#hold(context, target, { attached: false, since: attachment.metadata.creationTimestamp });
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#calls.values());
  }

  #forget({ actual }: AttachContext, attachmentName: string): void {
    actual.delete(attachmentName);
    this.#backoff.forget(attachmentName);
    this.#retryAtMs.delete(attachmentName);
  }

  #hold({ actual }: AttachContext, target: VolumeOnNode, state: FlexState): void {
    const attachment = flexAttachment(target, state);
    actual.hold(attachment, target.volumeName);
    actual.secure(attachment);
  }

  #run(context: AttachContext, target: VolumeOnNode, work: (signal: AbortSignal) => Promise<void>): number {
    const { clock, logger, queue } = context;
    const name = flexAttachmentName(target);
    if (this.#stopping.signal.aborted) return Number.POSITIVE_INFINITY;
    const waitMs = this.waitMs(context, target);
    if (waitMs > 0) return waitMs;
    const settle = async () => {
      try {
        await work(this.#stopping.signal);
        this.#backoff.forget(name);
        this.#retryAtMs.delete(name);
      } catch (thrown) {
        if (isAbort(thrown)) return;
        this.#retryAtMs.set(name, clock.monotonic() + this.#backoff.next(name));
        logger.warn('a call to a FlexVolume driver failed', { ...target, error: messageOf(thrown) });
      } finally {
        this.#calls.delete(name);
        queue.add(target.volumeName);
      }
    };
    this.#calls.set(name, settle());
    return Number.POSITIVE_INFINITY;
  }
}

/** Upstream's role lets the controller write a Node's status, which takes annotations along. */
async function annotate(
  { client }: AttachContext,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
  signal: AbortSignal,
  resourceVersion?: string,
): Promise<Node> {
  const version = resourceVersion === undefined ? {} : { resourceVersion };
  const patch = { type: 'merge', body: { metadata: { annotations, ...version } } } as const;
  return await client.patch(nodes, { name }, patch, { subresource: 'status', signal });
}
