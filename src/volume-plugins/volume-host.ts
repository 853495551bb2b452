import type { ConfigMap, CSIDriver, Pod, Secret, VolumeAttachment } from '../api/index.ts';
import type { Clock, Exec, Fs, Logger, Random } from '../base/index.ts';
import type { CsiConnection } from '../csi/index.ts';
import type { Mounter } from '../mount/index.ts';

export interface ServiceAccountTokenRequest {
  readonly namespace: string;
  readonly serviceAccountName: string;
  /** Empty: the API server's own audience. */
  readonly audiences: readonly string[];
  readonly expirationSeconds?: number | undefined;
  /** The token dies with the pod. */
  readonly pod: Pod;
}

export interface ServiceAccountToken {
  readonly token: string;
  /** RFC 3339. */
  readonly expirationTimestamp: string;
}

/** CSI drivers that have registered with this node. */
export interface CsiDriverRegistry {
  /** The connection to a registered driver, or undefined: which says nothing about what the driver has mounted. */
  find(driverName: string): CsiConnection | undefined;
}

/**
 * What the node agent lends its volume plugins. API reads are live and reject with ApiStatusErrors; the plugins hold no
 * client of their own.
 */
export interface VolumeHost {
  readonly nodeName: string;
  /** The agent's root, `/var/lib/kubelet` upstream. */
  readonly rootDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly exec: Exec;
  readonly mounter: Mounter;
  readonly logger: Logger;
  readonly csiDrivers: CsiDriverRegistry;
  /** Identifies the running kernel: mounts recorded under another boot id are gone. */
  bootId(): Promise<string>;
  getSecret(namespace: string, name: string): Promise<Secret>;
  getConfigMap(namespace: string, name: string): Promise<ConfigMap>;
  getServiceAccountToken(request: ServiceAccountTokenRequest): Promise<ServiceAccountToken>;
  getVolumeAttachment(name: string): Promise<VolumeAttachment>;
  /** From a cache; undefined when there is none, or when the cache has not synced. */
  findCsiDriver(name: string): CSIDriver | undefined;
  csiDriversSynced(): boolean;
  /** node.status.allocatable as last known. */
  nodeAllocatable(): Readonly<Record<string, string>>;
  recordPodEvent(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
