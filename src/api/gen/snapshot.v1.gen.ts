// Generated from schema/snapshot.v1.api by `npm run generate:api`. Do not edit.
import type * as core from './core.v1.gen.ts';
import type * as meta from './meta.v1.gen.ts';

/** A user's wish for a snapshot of a claim, or for one that exists already. */
export interface VolumeSnapshot {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** What the snapshot is taken from. */
  readonly spec: VolumeSnapshotSpec;
  /** What became of it; believe it only when the content points back. */
  readonly status?: VolumeSnapshotStatus;
}

/** A way to take snapshots that an administrator offers. */
export interface VolumeSnapshotClass {
  readonly apiVersion: string;
  readonly kind: string;
  /** Whether the snapshot goes with its VolumeSnapshot: Delete or Retain. */
  readonly deletionPolicy: string;
  /** The CSI driver that takes the snapshots. */
  readonly driver: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** Parameters for the driver. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A snapshot as the storage system has it. */
export interface VolumeSnapshotContent {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** Where the snapshot comes from and whose it is. */
  readonly spec: VolumeSnapshotContentSpec;
  /** What the driver said about it. */
  readonly status?: VolumeSnapshotContentStatus;
}

/** A volume to take the snapshot of, or a snapshot that exists: exactly one of them. */
export interface VolumeSnapshotContentSource {
  /** The driver's id of a snapshot that exists; it cannot be changed. */
  readonly snapshotHandle?: string;
  /** The driver's id of the volume to take the snapshot of; it cannot be changed. */
  readonly volumeHandle?: string;
}

/** Where a snapshot comes from and whose it is. */
export interface VolumeSnapshotContentSpec {
  /** Whether the snapshot goes with its VolumeSnapshot: Delete or Retain. */
  readonly deletionPolicy: string;
  /** The CSI driver that has the snapshot. */
  readonly driver: string;
  /** What the snapshot is taken from; it cannot be changed. */
  readonly source: VolumeSnapshotContentSource;
  /** The mode of the volume: Filesystem or Block; absent when unknown. */
  readonly sourceVolumeMode?: string;
  /** The class that the snapshot was taken with. */
  readonly volumeSnapshotClassName?: string;
  /** The VolumeSnapshot that it belongs to; name and namespace must be set. */
  readonly volumeSnapshotRef: core.ObjectReference;
}

/** What the driver said about a snapshot. */
export interface VolumeSnapshotContentStatus {
  /** When the snapshot was taken, in nanoseconds of Unix time. */
  readonly creationTime?: number;
  /** The last failure; absent after a success. */
  readonly error?: VolumeSnapshotError;
  /** Whether volumes can be restored from it; absent when unknown. */
  readonly readyToUse?: boolean;
  /** The least size in bytes of a volume that is restored from it. */
  readonly restoreSize?: number;
  /** The driver's id of the snapshot; absent while there is none. */
  readonly snapshotHandle?: string;
  /** The driver's id of the group snapshot that it is part of. */
  readonly volumeGroupSnapshotHandle?: string;
}

/** A failure to take a snapshot. */
export interface VolumeSnapshotError {
  /** What went wrong; it must hold no secrets. */
  readonly message?: string;
  /** When it happened. */
  readonly time?: string;
}

/** A claim, or a content that exists: exactly one of them. */
export interface VolumeSnapshotSource {
  /** The claim in the same namespace to take a snapshot of; it cannot be changed. */
  readonly persistentVolumeClaimName?: string;
  /** The VolumeSnapshotContent of a snapshot that exists; it cannot be changed. */
  readonly volumeSnapshotContentName?: string;
}

/** What a snapshot is taken from. */
export interface VolumeSnapshotSpec {
  /** What the snapshot is taken from; it cannot be changed. */
  readonly source: VolumeSnapshotSource;
  /** The class; absent for the default class of the claim's driver. */
  readonly volumeSnapshotClassName?: string;
}

/** What became of a snapshot. */
export interface VolumeSnapshotStatus {
  /** The VolumeSnapshotContent; believe it only when that points back. */
  readonly boundVolumeSnapshotContentName?: string;
  /** When the snapshot was taken. */
  readonly creationTime?: string;
  /** The last failure; absent after a success. */
  readonly error?: VolumeSnapshotError;
  /** Whether volumes can be restored from it; absent when unknown. */
  readonly readyToUse?: boolean;
  /** A quantity as it was written: the least size of a volume that is restored from it. */
  readonly restoreSize?: string;
  /** The VolumeGroupSnapshot that it is part of. */
  readonly volumeGroupSnapshotName?: string;
}

