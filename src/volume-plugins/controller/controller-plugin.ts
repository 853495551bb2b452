/**
 * What a controller asks of a volume plugin: to provision, delete and recycle volumes. Nothing here runs on a node.
 * Upstream: pkg/volume/plugins.go ProvisionableVolumePlugin, DeletableVolumePlugin, RecyclableVolumePlugin.
 */
import type { Draft, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/index.ts';
import type { Clock, Fs } from '../../base/index.ts';

/** What the controller's process lends its plugins. */
export interface ControllerPluginHost {
  readonly fs: Fs;
  readonly clock: Clock;
}

export interface ProvisionRequest {
  readonly claim: PersistentVolumeClaim;
  readonly volumeName: string;
  readonly reclaimPolicy: string;
}

/** Storage that may have been made while its volume's object is not known to be written. */
export interface ProvisioningIntent {
  readonly claimUid: string;
  /** Wall clock, in milliseconds. */
  readonly begunMs: number;
}

/** What a plugin notes before it makes storage, so that a process that dies leaves nothing that nobody knows of. */
export interface ProvisioningIntents {
  list(): Promise<readonly ProvisioningIntent[]>;
  /** The volume's object tells of the storage from now on. */
  forget(claimUid: string): Promise<void>;
  /** Takes the storage away if nothing was ever put into it. */
  undo(claimUid: string): Promise<void>;
}

export interface ControllerPlugin {
  /** `kubernetes.io/host-path`, ...: also what a StorageClass names as its provisioner. */
  readonly name: string;
  canSupport(volume: PersistentVolume): boolean;
  readonly supportsMountOption: boolean;
  /** Makes the storage and describes its volume. The same request twice makes one volume. */
  readonly provision?: (request: ProvisionRequest) => Promise<Draft<PersistentVolume>>;
  readonly intents?: ProvisioningIntents;
  /** Set when the plugin could provision and is not allowed to. */
  readonly provisioningDisabled?: boolean;
  /** Deletes the storage; what is gone already is deleted. Rejects with a VolumeInUseError while it is in use. */
  readonly delete?: (volume: PersistentVolume) => Promise<void>;
  /** The pod that empties the volume when it runs. */
  readonly recyclerPod?: (volume: PersistentVolume) => Draft<Pod>;
}

/** The storage cannot be deleted yet: it is in use. Nothing has failed. */
export class VolumeInUseError extends Error {
  override readonly name = 'VolumeInUseError';
}
