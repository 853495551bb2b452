/**
 * The CSI volumes that are on each node or about to be: of its pods, those assumed included, and of its
 * VolumeAttachments. Counted when first asked for and again when something changed that the count rests on, not for
 * each pod that is placed.
 */
import {
  type CSINode,
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  type VolumeAttachment,
} from '../../../api/index.ts';
import type { Informer } from '../../../client/index.ts';
import type { NodeInfo } from '../../framework/plugin.ts';
import { addAttachment, type CsiVolumes, csiVolumesOf } from './csi-volumes.ts';

const attachmentsByNode = 'scheduler/node';

export interface UsedVolumesOptions {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly attachments: Informer<VolumeAttachment>;
  readonly csiNodes: Informer<CSINode>;
}

export interface NodeUse {
  readonly volumes: ReadonlyMap<string, string>;
  readonly countOf: ReadonlyMap<string, number>;
}

interface Counted extends NodeUse {
  readonly generation: number;
  readonly changes: number;
  readonly csiNode: CSINode | undefined;
}

export class UsedVolumes {
  readonly #options: UsedVolumesOptions;
  readonly #counted = new WeakMap<NodeInfo, Counted>();
  /** The nodes whose count rests on the claim or volume with this key. */
  readonly #nodesOf = new Map<string, Set<string>>();
  /** Goes up when a count of the node has become wrong. */
  readonly #changesOf = new Map<string, number>();
  #classChanges = 0;

  constructor(options: UsedVolumesOptions) {
    this.#options = options;
    const { claims, volumes, classes, attachments, csiNodes } = options;
    attachments.addIndex(attachmentsByNode, ({ spec }) => [spec.nodeName]);
    const onAttachment = ({ spec }: VolumeAttachment) => this.#outdate(spec.nodeName);
    attachments.addHandler({ onAdd: onAttachment, onDelete: onAttachment });
    claims.addHandler({
      onAdd: (claim) => this.#outdateUsers(claimKey(keyOf(claim))),
      onUpdate: (previous, claim) => {
        if (isOtherVolume(previous, claim)) this.#outdateUsers(claimKey(keyOf(claim)));
      },
      onDelete: (claim) => this.#outdateUsers(claimKey(keyOf(claim))),
    });
    const onVolume = ({ metadata }: PersistentVolume) => this.#outdateUsers(volumeKey(metadata.name));
    volumes.addHandler({ onAdd: onVolume, onDelete: onVolume });
    // Another CSINode alone has the node counted again, so what is known of one that is gone need not be kept.
    csiNodes.addHandler({ onDelete: ({ metadata }) => void this.#changesOf.delete(metadata.name) });
    const onClass = () => {
      this.#classChanges++;
    };
    classes.addHandler({ onAdd: onClass, onDelete: onClass });
  }

  /** What the node has, as it is served by the drivers of this CSINode. */
  of(node: NodeInfo, csiNode: CSINode | undefined): NodeUse {
    const changes = this.#classChanges + (this.#changesOf.get(node.name) ?? 0);
    const known = this.#counted.get(node);
    if (known?.generation === node.generation && known.changes === changes && known.csiNode === csiNode) return known;
    const volumes = this.#count(node, csiNode);
    const countOf = new Map<string, number>();
    for (const driver of volumes.values()) countOf.set(driver, (countOf.get(driver) ?? 0) + 1);
    const counted = { generation: node.generation, changes, csiNode, volumes, countOf };
    this.#counted.set(node, counted);
    return counted;
  }

  #count(node: NodeInfo, csiNode: CSINode | undefined): CsiVolumes {
    const used: CsiVolumes = new Map();
    for (const info of node.pods.values()) {
      if (!info.pod.spec.volumes?.length) continue;
      for (const [volume, driver] of csiVolumesOf(info.pod, csiNode, this.#options).volumes) used.set(volume, driver);
      for (const key of info.claimKeys) this.#noteUser(key, node.name);
    }
    for (const attachment of this.#options.attachments.byIndex(attachmentsByNode, node.name)) {
      addAttachment(attachment, csiNode, this.#options, used);
      const { persistentVolumeName } = attachment.spec.source;
      if (persistentVolumeName) this.#note(volumeKey(persistentVolumeName), node.name);
    }
    return used;
  }

  #noteUser(key: string, nodeName: string): void {
    this.#note(claimKey(key), nodeName);
    const volumeName = this.#options.claims.get(key)?.spec.volumeName;
    if (volumeName) this.#note(volumeKey(volumeName), nodeName);
  }

  #note(key: string, nodeName: string): void {
    const names = this.#nodesOf.get(key);
    if (names) names.add(nodeName);
    else this.#nodesOf.set(key, new Set([nodeName]));
  }

  #outdateUsers(key: string): void {
    for (const nodeName of this.#nodesOf.get(key) ?? []) this.#outdate(nodeName);
    // Whoever counts again is noted again.
    this.#nodesOf.delete(key);
  }

  #outdate(nodeName: string): void {
    this.#changesOf.set(nodeName, (this.#changesOf.get(nodeName) ?? 0) + 1);
  }
}

function isOtherVolume(previous: PersistentVolumeClaim, current: PersistentVolumeClaim): boolean {
  return previous.spec.volumeName !== current.spec.volumeName || previous.metadata.uid !== current.metadata.uid;
}

const claimKey = (key: string) => `claim:${key}`;
const volumeKey = (name: string) => `volume:${name}`;
