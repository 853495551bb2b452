/** What every part of the resizer works with. */
import type { PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Lister } from '../../client/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import type { SlowRetries } from '../common/slow-retries.ts';

export interface ResizerContext {
  readonly client: Client;
  readonly driver: CsiDriver;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly attributesClasses: Lister<VolumeAttributesClass>;
  /** Pods that name the claim, by its key. */
  readonly podsUsing: (claimKey: string) => readonly Pod[];
  readonly flags: ResizerFlags;
  readonly memory: ResizerMemory;
}

/** What one process remembers of claims, by their keys; a new process finds it out again. */
export interface ResizerMemory {
  /** The last ControllerExpandVolume failed for good: the next may aim at another size. */
  readonly failedForGood: Set<string>;
  /** The driver grows no volume that is in use. */
  readonly refusedInUse: Set<string>;
  /** Sizes that the driver found infeasible, to be tried again after a while. */
  readonly infeasibleSizes: SlowRetries;
  /** The class in progress was begun here while none was in doubt: without it, the volume may have yet another. */
  readonly begunInOrder: Set<string>;
  /** Classes that the driver found infeasible, to be tried again after a while. */
  readonly infeasibleClasses: SlowRetries;
}

/** Upstream's flags of the same names. */
export interface ResizerFlags {
  readonly timeoutMs: number;
  readonly workers: number;
  readonly retryIntervalStartMs: number;
  readonly retryIntervalMaxMs: number;
  readonly handleVolumeInuseError: boolean;
  readonly extraModifyMetadata: boolean;
}

export const defaultResizerFlags: ResizerFlags = {
  timeoutMs: 10_000,
  workers: 10,
  retryIntervalStartMs: 1000,
  retryIntervalMaxMs: 300_000,
  handleVolumeInuseError: true,
  extraModifyMetadata: false,
};

/** A volume could not be grown or modified; the message is what users read in the event. */
export class ResizeError extends Error {
  override readonly name = 'ResizeError';
}
