/**
 * Where volumes are attached, or may be: the VolumeAttachments, those just created that no watch has shown yet, and
 * which of them are on their way out. An attachment in any state counts as held: only its absence frees the volume.
 */
import type { VolumeAttachment } from '../../api/index.ts';
import { type CsiVolume, csiUniqueVolumeName, isAttachmentOf } from '../../volume-plugins/index.ts';

interface Held {
  readonly attachment: VolumeAttachment;
  /** Undefined while nothing tells which volume the attachment stands for. */
  readonly volumeName: string | undefined;
}

export class ActualStateOfWorld {
  readonly #held = new Map<string, Held>();
  readonly #byVolume = new Map<string, Map<string, VolumeAttachment>>();
  readonly #byNode = new Map<string, Map<string, Held>>();
  /** Attachments whose volume is no longer reported to the node, because they are about to be deleted. */
  readonly #detaching = new Set<string>();
  /** Uids of attachments that this process deleted: their deletionTimestamp may not have come back yet. */
  readonly #deleted = new Set<string>();
  /** Uids of attachments that no other controller can be about to delete on what it saw before. */
  readonly #secured = new Set<string>();
  readonly #versions = new Map<string, number>();

  /**
   * Takes note of an attachment. The volume it stands for is one of the candidates; once known it is remembered, so
   * that an attachment outlives the knowledge of its PersistentVolume. Returns the volume's name.
   */
  set(attachment: VolumeAttachment, candidates: Iterable<CsiVolume>): string | undefined {
    const known = this.#held.get(attachment.metadata.name)?.volumeName;
    const volumeName = known ?? volumeNameOf(attachment, candidates);
    this.hold(attachment, volumeName);
    return volumeName;
  }

  /** The same for an attachment of which it is known what volume it stands for, or that nobody can tell. */
  hold(attachment: VolumeAttachment, volumeName: string | undefined): void {
    const { name, uid } = attachment.metadata;
    const before = this.#held.get(name);
    if (before && before.attachment.metadata.uid !== uid) this.#detaching.delete(name);
    this.#remove(name);
    const held = { attachment, volumeName };
    this.#held.set(name, held);
    this.#changed(attachment);
    link(this.#byNode, attachment.spec.nodeName, name, held);
    if (volumeName !== undefined) link(this.#byVolume, volumeName, attachment.spec.nodeName, attachment);
  }

  /** The attachment is gone. Returns the name of the volume it stood for. */
  delete(name: string): string | undefined {
    const held = this.#held.get(name);
    this.#remove(name);
    this.#detaching.delete(name);
    if (held) {
      this.#deleted.delete(held.attachment.metadata.uid);
      this.#secured.delete(held.attachment.metadata.uid);
    }
    return held?.volumeName;
  }

  get(name: string): VolumeAttachment | undefined {
    return this.#held.get(name)?.attachment;
  }

  volumeNameOf(attachmentName: string): string | undefined {
    return this.#held.get(attachmentName)?.volumeName;
  }

  attachmentNames(): Iterable<string> {
    return this.#held.keys();
  }

  volumeNames(): Iterable<string> {
    return this.#byVolume.keys();
  }

  /** By node name. */
  attachmentsOf(volumeName: string): ReadonlyMap<string, VolumeAttachment> {
    return this.#byVolume.get(volumeName) ?? none;
  }

  *attachmentsOn(node: string): Iterable<VolumeAttachment> {
    for (const { attachment } of this.#byNode.get(node)?.values() ?? []) yield attachment;
  }

  /** The volumes that the node may be told of: those it is told of and may rely on, and others when that is safe. */
  usableOn(node: string, reported: ReadonlySet<string>): Set<string> {
    const usable = new Set<string>();
    for (const { attachment, volumeName } of this.#byNode.get(node)?.values() ?? []) {
      if (volumeName === undefined || !this.isUsable(attachment)) continue;
      if (reported.has(volumeName) || this.isSecured(attachment)) usable.add(volumeName);
    }
    return usable;
  }

  /** From now on the node is not told that it has the volume. */
  markDetaching(attachmentName: string): void {
    this.#detaching.add(attachmentName);
    this.#changed(this.get(attachmentName));
  }

  unmarkDetaching(attachmentName: string): void {
    this.#detaching.delete(attachmentName);
    this.#changed(this.get(attachmentName));
  }

  /** The attachment was deleted and only waits for its attacher. */
  markDeleted({ metadata, spec }: VolumeAttachment): void {
    this.#deleted.add(metadata.uid);
    this.#changed({ spec });
  }

  /** This process created the attachment, or wrote to it since: a delete that relies on an older version fails. */
  secure({ metadata, spec }: VolumeAttachment): void {
    this.#secured.add(metadata.uid);
    this.#changed({ spec });
  }

  /** Somebody else stopped reporting the volume, maybe in order to detach it. */
  unsecure({ metadata, spec }: VolumeAttachment): void {
    this.#secured.delete(metadata.uid);
    this.#changed({ spec });
  }

  isSecured({ metadata }: VolumeAttachment): boolean {
    return this.#secured.has(metadata.uid);
  }

  isDeleting({ metadata }: VolumeAttachment): boolean {
    return metadata.deletionTimestamp !== undefined || this.#deleted.has(metadata.uid);
  }

  /** Whether the node may rely on the volume: attached, and this process is not about to take it away. */
  isUsable(attachment: VolumeAttachment): boolean {
    if (this.isDeleting(attachment) || this.#detaching.has(attachment.metadata.name)) return false;
    return attachment.status?.attached === true;
  }

  /** Grows with every change of what `isUsable` and `isSecured` say of the node's attachments. */
  versionOf(node: string): number {
    return this.#versions.get(node) ?? 0;
  }

  #changed(attachment: Pick<VolumeAttachment, 'spec'> | undefined): void {
    const node = attachment?.spec.nodeName;
    if (node !== undefined) this.#versions.set(node, this.versionOf(node) + 1);
  }

  #remove(name: string): void {
    const held = this.#held.get(name);
    if (!held) return;
    this.#held.delete(name);
    const { nodeName } = held.attachment.spec;
    this.#changed(held.attachment);
    unlink(this.#byNode, nodeName, name);
    if (held.volumeName !== undefined) unlink(this.#byVolume, held.volumeName, nodeName);
  }
}

const none: ReadonlyMap<string, VolumeAttachment> = new Map();

function volumeNameOf(attachment: VolumeAttachment, candidates: Iterable<CsiVolume>): string | undefined {
  for (const candidate of candidates) {
    if (isAttachmentOf(attachment, candidate)) return csiUniqueVolumeName(candidate);
  }
  return undefined;
}

function link<T>(index: Map<string, Map<string, T>>, outer: string, inner: string, value: T): void {
  const entries = index.get(outer);
  if (entries) entries.set(inner, value);
  else index.set(outer, new Map([[inner, value]]));
}

function unlink<T>(index: Map<string, Map<string, T>>, outer: string, inner: string): void {
  const entries = index.get(outer);
  entries?.delete(inner);
  if (entries?.size === 0) index.delete(outer);
}
