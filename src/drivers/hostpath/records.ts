/** What the driver knows of a volume and of a snapshot. Plain data: state.json holds it. */
import type { AccessMode } from '../../csi/index.ts';

export type AccessType = 'mount' | 'block';

export interface Attachment {
  readonly nodeId: string;
  readonly readonly: boolean;
  readonly accessMode: AccessMode;
}

export interface StagedAt {
  readonly nodeId: string;
  readonly path: string;
}

export interface PublishedAt {
  readonly nodeId: string;
  readonly path: string;
  readonly readonly: boolean;
}

export type ContentSource = { readonly snapshotId: string } | { readonly volumeId: string };

export interface VolumeRecord {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: bigint;
  readonly accessType: AccessType;
  /** Of the storage that it takes its capacity from; empty when capacity is not tracked. */
  readonly kind: string;
  /** Lives as long as the one pod that it is published to. */
  readonly ephemeral: boolean;
  /** False between the intent to create it and the moment when its content is complete. */
  readonly ready: boolean;
  readonly context: Readonly<Record<string, string>>;
  readonly mutableParameters: Readonly<Record<string, string>>;
  readonly source?: ContentSource | undefined;
  /** The node that topology binds it to. */
  readonly topologyNode?: string | undefined;
  readonly attachments: readonly Attachment[];
  readonly staged: readonly StagedAt[];
  readonly published: readonly PublishedAt[];
}

export interface SnapshotRecord {
  readonly id: string;
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly sizeBytes: bigint;
  readonly accessType: AccessType;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly ready: boolean;
}
