/** What every part of the attacher works with. */
import type { CSINode, PersistentVolume, VolumeAttachment } from '../../api/index.ts';
import type { Clock, KeyLock, Logger } from '../../base/index.ts';
import type { Client, Lister } from '../../client/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import type { LiveAttachments } from '../common/live-attachments.ts';

export interface AttacherContext {
  readonly client: Client;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly attachments: Lister<VolumeAttachment>;
  /** This driver's attachments of a volume, by the volume's name. */
  readonly attachmentsOf: (volumeName: string) => readonly VolumeAttachment[];
  readonly liveAttachments: LiveAttachments;
  readonly volumes: Lister<PersistentVolume>;
  readonly csiNodes: Lister<CSINode>;
  /** Uids of the attachments that this process began to carry out and has not undone, by the volume's name. */
  readonly begun: Map<string, Set<string>>;
  /** One controller call at a time per volume. */
  readonly volumeLock: KeyLock<string>;
  readonly flags: AttacherFlags;
}

/** Upstream's flags of the same names. */
export interface AttacherFlags {
  readonly timeoutMs: number;
  readonly defaultFsType: string;
  /** Attachments carried out side by side; those of one volume never are. */
  readonly workerThreads: number;
  readonly retryIntervalStartMs: number;
  readonly retryIntervalMaxMs: number;
}

export const defaultAttacherFlags: AttacherFlags = {
  timeoutMs: 15_000,
  defaultFsType: '',
  workerThreads: 100,
  retryIntervalStartMs: 1000,
  retryIntervalMaxMs: 300_000,
};

/** Where the node id is kept with the attachment, for the detach after the node has gone. */
export const nodeIdAnnotation = 'csi.alpha.kubernetes.io/node-id';

/** An attachment that cannot be carried out as it stands; the message ends in its status. */
export class AttachmentError extends Error {
  override readonly name = 'AttachmentError';
}
