/** What the syncs of the attach/detach controller share. */
import type {
  CSIDriver,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  VolumeAttachment,
} from '../../api/index.ts';
import type { Clock, DecisionLog, Logger } from '../../base/index.ts';
import type { Client, EventRecorder, Informer, WorkQueue } from '../../client/index.ts';
import type { FlexControllerPlugin } from '../../volume-plugins/index.ts';
import type { Announcer } from '../common/announcer.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import type { ActualStateOfWorld } from './actual-state-of-world.ts';
import type { DesiredStateOfWorld } from './desired-state-of-world.ts';
import type { FenceReason } from './detach-evidence.ts';
import type { NodeReports } from './node-reports.ts';

/** An attach that this process waits for. */
export interface PendingAttach {
  readonly sinceMs: number;
}

/** This process, as others may see it. */
export interface ControllerInstance {
  readonly id: string;
  /** How often it told a node of a volume that somebody else may have taken off the node's list. */
  reports: number;
}

export interface AttachContext {
  readonly instance: ControllerInstance;
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
  /** Since when an attachment is unwanted, by its name. */
  readonly unwantedSinceMs: Map<string, number>;
  /** Since when this process knows that there is no such node, by its name. */
  readonly absentSinceMs: Map<string, number>;
  /** Undefined where no FlexVolume drivers are installed beside the controller. */
  readonly flex: FlexAttachments | undefined;
  readonly forceDetachOnTimeout: boolean;
  /** Told of every detach that no agent confirmed. */
  readonly forcedDetachListeners: Set<(reason: FenceReason) => void>;
  readonly queue: Pick<WorkQueue, 'add'>;
}

/** What a detach was decided on. */
export interface FlexDetach {
  readonly attachment: VolumeAttachment;
  /** Of the node as it was when it did not use the volume; undefined when there is no such node. */
  readonly nodeVersion: string | undefined;
}

/** What is attached by calls to FlexVolume drivers in place of VolumeAttachments. Every answer is a delay in milliseconds. */
export interface FlexAttachments extends AsyncDisposable {
  readonly plugin: FlexControllerPlugin;
  attach(context: AttachContext, target: VolumeOnNode, signal: AbortSignal): Promise<number>;
  awaitAttach(context: AttachContext, target: VolumeOnNode): number;
  /** Resolves when the call has begun. */
  detach(context: AttachContext, target: VolumeOnNode, decided: FlexDetach, signal: AbortSignal): Promise<void>;
  waitMs(context: Pick<AttachContext, 'clock'>, target: VolumeOnNode): number;
  observe(context: AttachContext, node: Node): void;
  verify(context: AttachContext): void;
}

/** One volume on one node. */
export interface VolumeOnNode {
  readonly volumeName: string;
  readonly node: string;
}

export const podsByNode = 'attachdetach/node';
export const attachmentsByVolume = 'attachdetach/persistent-volume';
/** Keys of attachments whose volume is unknown, among keys that are volume names. */
export const orphanPrefix = 'attachment/';
/** Index of nodes by the volumes that they list in volumesInUse or volumesAttached. */
export const nodesByVolume = 'attachdetach/volume';

const listed = new WeakMap<Node, readonly string[]>();

/** The names in both lists of the node, worked out once for each version of it. */
export function listedVolumes(node: Node): readonly string[] {
  const known = listed.get(node);
  if (known) return known;
  const attached = node.status?.volumesAttached?.map(({ name }) => name) ?? [];
  const names = [...new Set([...(node.status?.volumesInUse ?? []), ...attached])];
  listed.set(node, names);
  return names;
}
