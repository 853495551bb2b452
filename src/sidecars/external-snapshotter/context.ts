/** What every part of the snapshotter works with. */
import type { VolumeSnapshotClass, VolumeSnapshotContent } from '../../api/index.ts';
import type { Backoff, Clock, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Lister } from '../../client/index.ts';
import type { CsiDriver } from '../common/driver.ts';

export interface SnapshotterContext {
  readonly client: Client;
  readonly driver: CsiDriver;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly contents: Lister<VolumeSnapshotContent>;
  readonly classes: Lister<VolumeSnapshotClass>;
  /** Contents of snapshots that this driver took, by the snapshot's handle. */
  readonly takenAs: (snapshotHandle: string) => readonly VolumeSnapshotContent[];
  /** How often snapshots that are not ready were looked at, by the content's name. */
  readonly polls: Backoff<string>;
  readonly flags: SnapshotterFlags;
}

/** What CreateSnapshot is asked for: everything that is sent but the values of the secret. */
export interface SnapshotRequest {
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Upstream's flags of the same names. */
export interface SnapshotterFlags {
  readonly timeoutMs: number;
  readonly workerThreads: number;
  readonly retryIntervalStartMs: number;
  readonly retryIntervalMaxMs: number;
  readonly snapshotNamePrefix: string;
  /** How much of the VolumeSnapshot's uid, its dashes left out, ends the name; -1 for the whole uid as it is. */
  readonly snapshotNameUuidLength: number;
  readonly extraCreateMetadata: boolean;
  /** With --node-deployment: the node whose contents are this process's. Empty: all contents are. */
  readonly nodeName: string;
}

export const defaultSnapshotterFlags: SnapshotterFlags = {
  timeoutMs: 60_000,
  workerThreads: 10,
  retryIntervalStartMs: 1000,
  retryIntervalMaxMs: 300_000,
  snapshotNamePrefix: 'snapshot',
  snapshotNameUuidLength: -1,
  extraCreateMetadata: false,
  nodeName: '',
};

/** A snapshot that could not be taken, found or deleted; the message is what users read. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}
