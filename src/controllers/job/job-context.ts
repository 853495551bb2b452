/** What the syncs of the Job controller share. */
import type { Job, Pod } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Informer } from '../../client/index.ts';
import type { PodControl } from '../common/pod-control.ts';
import type { WrittenCache } from '../common/written-cache.ts';

export interface JobContext extends PodControl {
  readonly clock: Clock;
  readonly jobs: WrittenCache<Job>;
  readonly pods: Informer<Pod>;
}
