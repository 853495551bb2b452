/**
 * What is known of a FlexVolume on a node. There are no API objects for it: that its driver was asked to attach it is
 * noted on the Node before the call and until it was detached, so that no crash forgets it. For the rest of the
 * controller the note looks like a VolumeAttachment of its own kind.
 */
import { hash } from 'node:crypto';
import type { Node, VolumeAttachment } from '../../api/index.ts';
import {
  csiAttachmentName,
  isCsiUniqueVolumeName,
  parseCsiUniqueVolumeName,
  parseFlexVolumeName,
} from '../../volume-plugins/index.ts';
import type { VolumeOnNode } from './attach-context.ts';

const notePrefix = 'flexvolume.stowage.io/';
const namePrefix = 'flex-';
/** What a label's name may be long, less a margin. */
const digestLength = 40;
const devicePathKey = 'devicePath';

/** The key of the note among the Node's annotations. */
export function flexNoteKey(volumeName: string): string {
  return `${notePrefix}${hash('sha256', volumeName).slice(0, digestLength)}`;
}

/** `detachedBy` tells the detaches of this and other controllers apart. */
export function flexNoteValue(volumeName: string, since: string, detachedBy?: string): string {
  return JSON.stringify({ volume: volumeName, since, ...(detachedBy === undefined ? {} : { detachedBy }) });
}

export function flexAttachmentName({ volumeName, node }: VolumeOnNode): string {
  return `${namePrefix}${hash('sha256', `${volumeName}^${node}`)}`;
}

/** The name that the volume's attachment to the node has. */
export function attachmentNameOf({ volumeName, node }: VolumeOnNode): string {
  const source = parseCsiUniqueVolumeName(volumeName);
  return source ? csiAttachmentName(source, node) : flexAttachmentName({ volumeName, node });
}

/** An object of the API has a version, whatever it is called. */
export function isFlexAttachment({ metadata }: VolumeAttachment): boolean {
  return metadata.resourceVersion === '' && metadata.name.startsWith(namePrefix);
}

export interface FlexState {
  readonly attached: boolean;
  readonly devicePath?: string;
  readonly attachError?: string;
  readonly detachError?: string;
  /** The call that detaches it is running. */
  readonly detaching?: boolean;
  /** RFC 3339: when it was first asked for. */
  readonly since: string;
}

export function flexAttachment(target: VolumeOnNode, state: FlexState): VolumeAttachment {
  const { attached, attachError, detachError, devicePath = '', since } = state;
  const name = flexAttachmentName(target);
  const attacher = parseFlexVolumeName(target.volumeName)?.driver ?? '';
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: {
      name,
      uid: name,
      resourceVersion: '',
      creationTimestamp: since,
      ...(state.detaching ? { deletionTimestamp: since } : {}),
    },
    spec: { attacher, nodeName: target.node, source: { inlineVolumeSpec: { flexVolume: { driver: attacher } } } },
    status: {
      attached,
      attachmentMetadata: { [devicePathKey]: devicePath },
      ...(attachError === undefined ? {} : { attachError: { message: attachError } }),
      ...(detachError === undefined ? {} : { detachError: { message: detachError } }),
    },
  };
}

/** The path of the device, as the driver told it; '' for attachments of other kinds. */
export function devicePathOf({ status }: VolumeAttachment): string {
  return status?.attachmentMetadata?.[devicePathKey] ?? '';
}

/** Volumes that may be attached to the node, by name, with what the Node says of them. */
export function flexVolumesOf(node: Node, attaches: (driver: string) => boolean): ReadonlyMap<string, FlexState> {
  const found = new Map<string, FlexState>();
  const { annotations = {}, creationTimestamp } = node.metadata;
  for (const [key, value] of Object.entries(annotations)) {
    const note = key.startsWith(notePrefix) ? readNote(value) : undefined;
    if (note) found.set(note.volume, { attached: false, since: note.since });
  }
  for (const { name, devicePath } of node.status?.volumesAttached ?? []) {
    const parsed = isCsiUniqueVolumeName(name) ? undefined : parseFlexVolumeName(name);
    // Without a note it was attached by another program; the names of other plugins are not this controller's to judge.
    if (!parsed || !(found.has(name) || attaches(parsed.driver))) continue;
    const since = found.get(name)?.since ?? creationTimestamp;
    found.set(name, { attached: true, devicePath, since });
  }
  return found;
}

function readNote(text: string): { readonly volume: string; readonly since: string } | undefined {
  try {
    const { volume, since } = JSON.parse(text);
    return parseFlexVolumeName(volume) && !Number.isNaN(Date.parse(since)) ? { volume, since } : undefined;
  } catch {
    // Somebody wrote over it: the volume is then known by the node's list alone.
    return undefined;
  }
}
