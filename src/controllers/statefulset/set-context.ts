import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Client, EventRecorder, Informer } from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';

export interface StatefulSetContext {
  readonly client: Client;
  readonly recorder: EventRecorder;
  /** For failures, which come back with every try. */
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly sets: Informer<StatefulSet>;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly revisions: Informer<ControllerRevision>;
}
