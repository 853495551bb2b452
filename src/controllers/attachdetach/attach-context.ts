/** What the syncs of the attach/detach controller share. */
import type { CSIDriver, Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/index.ts';
import type { Clock, DecisionLog, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Informer, WorkQueue } from '../../client/index.ts';
import type { Announcer } from '../common/announcer.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import type { ActualStateOfWorld } from './actual-state-of-world.ts';
import type { DesiredStateOfWorld } from './desired-state-of-world.ts';
import type { NodeReports } from './node-reports.ts';

/** An attach that this process waits for. */
export interface PendingAttach {
  readonly sinceMs: number;
}

export interface AttachContext {
  readonly client: Client;
  /** Reads what the client may not. */
  readonly reader: Client;
  readonly recorder: EventRecorder;
  readonly announcer: Announcer;
  readonly decisions: DecisionLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pods: Informer<Pod>;
  readonly nodes: WrittenCache<Node>;
  readonly nodeInformer: Informer<Node>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly drivers: Informer<CSIDriver>;
  readonly desired: DesiredStateOfWorld;
  readonly actual: ActualStateOfWorld;
  readonly reports: NodeReports;
  /** By attachment name. */
  readonly pendingAttaches: Map<string, PendingAttach>;
  /** Since when an attachment is unwanted, by its name: for those who opted in to a time limit. */
  readonly unwantedSinceMs: Map<string, number>;
  readonly forceDetachOnTimeout: boolean;
  readonly queue: Pick<WorkQueue, 'add'>;
}

/** Index of nodes by the volumes that they list in volumesInUse or volumesAttached. */
export const nodesByVolume = 'attachdetach/volume';

export function listedVolumes({ status }: Node): readonly string[] {
  const attached = status?.volumesAttached?.map(({ name }) => name) ?? [];
  return [...new Set([...(status?.volumesInUse ?? []), ...attached])];
}
