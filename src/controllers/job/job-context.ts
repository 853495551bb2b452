/** What the syncs of the Job controller share. */
import type { Job, Pod } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Client, Informer } from '../../client/index.ts';
import type { PodControl } from '../common/pod-control.ts';
import type { WrittenCache } from '../common/written-cache.ts';

export interface JobContext extends PodControl {
  /** Deletes Jobs whose time is over: upstream's ttl-after-finished controller, which has an account of its own. */
  readonly expiryClient: Client;
  readonly clock: Clock;
  readonly jobs: WrittenCache<Job>;
  readonly pods: Informer<Pod>;
}
