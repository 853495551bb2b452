/** What every part of the snapshot controller works with. */
import type {
  Node,
  PersistentVolumeClaim,
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
} from '../../api/index.ts';
import type { Clock, DecisionLog, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Informer } from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';
import type { SnapshotMetrics } from './metrics.ts';

export interface SnapshotContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly announcer: Announcer;
  readonly metrics: SnapshotMetrics;
  readonly decisions: DecisionLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshots: Informer<VolumeSnapshot>;
  readonly contents: Informer<VolumeSnapshotContent>;
  readonly classes: Informer<VolumeSnapshotClass>;
  readonly claims: Informer<PersistentVolumeClaim>;
  /** Where each node takes the snapshots of its own volumes; else undefined. */
  readonly nodes: Informer<Node> | undefined;
  /** Whether contents remember the mode of the volume, so that nobody restores it in another. */
  readonly preventVolumeModeConversion: boolean;
}

/** Index of snapshots by the claims they are taken of: `namespace/name`. */
export const byClaim = 'snapshot/claim';
/** Index of snapshots by every content that they name. */
export const byContent = 'snapshot/content';
/** Index of snapshots by class; '' for those that have none yet. */
export const byClass = 'snapshot/class';
/** Index of claims by the snapshots that they are to be restored from: `namespace/name`. */
export const byRestoredSnapshot = 'snapshot/restored-snapshot';

/** Where the decision on a snapshot is found. */
export function decisionKey(key: string): string {
  return `volumesnapshot/${key}`;
}

/** There is nothing to take a snapshot of, or no way to. */
export class SnapshotSourceError extends Error {
  override readonly name = 'SnapshotSourceError';
}

/** A snapshot cannot go on; what its user is told in the status and by an event. Tried again later. */
export class SnapshotFailure extends Error {
  override readonly name = 'SnapshotFailure';
  readonly reason: string;
  readonly told: string;
  /** Whether the snapshot is not ready because of it. */
  readonly notReady: boolean;

  constructor(
    { reason, told, notReady = true }: { readonly reason: string; readonly told: string; readonly notReady?: boolean },
    message = told,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.reason = reason;
    this.told = told;
    this.notReady = notReady;
  }
}
