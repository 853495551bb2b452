/** What every part of the provisioner works with. */
import type {
  CSINode,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from '../../api/index.ts';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Client, EventRecorder, Lister } from '../../client/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import type { LiveAttachments } from '../common/live-attachments.ts';
import type { SlowRetries } from '../common/slow-retries.ts';
import type { Attempts } from './attempts.ts';
import type { CapacityRefresher } from './capacity/controller.ts';
import type { HeldSnapshots } from './held-snapshots.ts';
import type { NodeDeployment } from './node-deployment.ts';
import type { SigningKey } from './signing-key.ts';

export interface ProvisionerContext {
  readonly client: Client;
  readonly driver: CsiDriver;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
  readonly attachments: Lister<VolumeAttachment>;
  readonly attempts: Attempts;
  readonly signingKey: SigningKey;
  /** Claims that the driver calls infeasible, by uid, until their class is another. */
  readonly slowRetries: SlowRetries;
  readonly heldSnapshots: HeldSnapshots;
  readonly liveAttachments: LiveAttachments;
  readonly capacity: CapacityRefresher;
  readonly csiNodes: Lister<CSINode>;
  readonly nodes: Lister<Node>;
  /** `<unix ms>-<0..9999>-<driver>`: written into every volume. */
  readonly identity: string;
  readonly flags: ProvisionerFlags;
}

/** The index of volumes by the name that nodes list them under. */
export const volumesByUniqueName = 'external-provisioner/unique-name';

/** Upstream's flags of the same names. */
export interface ProvisionerFlags {
  readonly timeoutMs: number;
  readonly volumeNamePrefix: string;
  /** How much of the claim's uid, without its dashes, the volume's name ends with; -1: all of it. */
  readonly volumeNameUuidLength: number;
  readonly defaultFsType: string;
  /** The gate Topology: whether the driver is told, and tells, where a volume must be reachable from. */
  readonly topology: boolean;
  readonly strictTopology: boolean;
  readonly immediateTopology: boolean;
  readonly extraCreateMetadata: boolean;
  readonly preventVolumeModeConversion: boolean;
  readonly controllerPublishReadonly: boolean;
  readonly snapshotOrphanSweepIntervalMs: number;
  readonly workerThreads: number;
  readonly retryIntervalStartMs: number;
  readonly retryIntervalMaxMs: number;
  /** undefined: for the whole cluster. */
  readonly nodeDeployment: NodeDeployment | undefined;
}

export const defaultProvisionerFlags: ProvisionerFlags = {
  timeoutMs: 10_000,
  volumeNamePrefix: 'pvc',
  volumeNameUuidLength: -1,
  defaultFsType: '',
  topology: true,
  strictTopology: false,
  immediateTopology: true,
  extraCreateMetadata: false,
  preventVolumeModeConversion: true,
  controllerPublishReadonly: false,
  snapshotOrphanSweepIntervalMs: 300_000,
  workerThreads: 100,
  retryIntervalStartMs: 1000,
  retryIntervalMaxMs: 300_000,
  nodeDeployment: undefined,
};

/** A claim that cannot be provisioned as it stands. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}
