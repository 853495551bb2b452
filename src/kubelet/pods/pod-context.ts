import type { Clock, Fs, Logger, Random } from '../../base/index.ts';
import type { Client, EventRecorder } from '../../client/index.ts';
import type { Mounter } from '../../mount/index.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { VolumeManager } from '../volumemanager/volume-manager.ts';

/** What the pod side of the agent works with. */
export interface PodContext {
  readonly nodeName: string;
  /** Also the address of every pod: containers are on the host's network. */
  readonly nodeIp: string;
  readonly rootDir: string;
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly mounter: Mounter;
  readonly logger: Logger;
  readonly runtime: ContainerRuntime;
  readonly volumeManager: VolumeManager;
  /** node.status.allocatable as last known. */
  readonly nodeAllocatable: () => Readonly<Record<string, string>>;
}
