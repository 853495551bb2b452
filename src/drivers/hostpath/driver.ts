import type { Random } from '../../base/index.ts';
import type { HostpathConfig } from './config.ts';
import type { OperationLocks } from './operation-locks.ts';
import type { State } from './state.ts';
import type { HostpathHost, VolumeFiles } from './volume-files.ts';

/** What the services of one process share. */
export interface HostpathDriver {
  readonly config: HostpathConfig;
  readonly host: HostpathHost;
  readonly random: Random;
  readonly state: State;
  readonly locks: OperationLocks;
  readonly files: VolumeFiles;
}
