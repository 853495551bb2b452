/** The external-attacher role: carries out VolumeAttachments through one CSI driver. */
import { csiNodes, keyOf, persistentVolumes, type VolumeAttachment, volumeAttachments } from '../../api/index.ts';
import { type Clock, KeyLock, type Logger } from '../../base/index.ts';
import { type Client, type Informer, type InformerFactory, runReconciler, type WorkQueue } from '../../client/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import { LiveAttachments } from '../common/live-attachments.ts';
import { type AttacherContext, type AttacherFlags, defaultAttacherFlags } from './context.ts';
import { forgetBegun } from './one-node-at-a-time.ts';
import { syncAttachment } from './sync-attachment.ts';
import { syncVolume } from './sync-volume.ts';

export interface AttacherOptions {
  readonly client: Client;
  /** Not started yet: the role adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly flags?: Partial<AttacherFlags>;
}

export function startAttacher(options: AttacherOptions): AsyncDisposable {
  const { informers, driver, clock, logger, metrics } = options;
  const flags = { ...defaultAttacherFlags, ...options.flags };
  const backoff = { initialMs: flags.retryIntervalStartMs, maxMs: flags.retryIntervalMaxMs };
  const common = { clock, logger, metrics, backoff };
  const attachments = informers.informer(volumeAttachments);
  const volumes = informers.informer(persistentVolumes);
  // Informers are shared, also with the attachers of other drivers.
  const attachmentsByVolume = `external-attacher/${driver.name}/volume`;
  attachments.addIndex(attachmentsByVolume, ({ spec }) =>
    spec.attacher === driver.name && spec.source.persistentVolumeName !== undefined
      ? [spec.source.persistentVolumeName]
      : [],
  );
  const context: AttacherContext = {
    ...options,
    attachments,
    attachmentsOf: (volumeName) => attachments.byIndex(attachmentsByVolume, volumeName),
    liveAttachments: new LiveAttachments(options.client),
    volumes,
    csiNodes: informers.informer(csiNodes),
    begun: new Map(),
    volumeLock: new KeyLock(),
    flags,
  };
  const stack = new AsyncDisposableStack();
  const attachmentQueue = stack.use(
    runReconciler({
      ...common,
      name: `${driver.name}-attach`,
      concurrency: flags.workerThreads,
      reconcile: (key, signal) => syncAttachment(context, key, signal),
    }),
  );
  const volumeQueue = stack.use(
    runReconciler({
      ...common,
      name: `${driver.name}-attached-volume`,
      reconcile: (key, signal) => syncVolume(context, key, signal),
    }),
  );
  watchAttachments(context, attachments, { attachmentQueue, volumeQueue });
  volumes.addHandler({
    onAdd: (volume) => volumeQueue.add(keyOf(volume)),
    onUpdate: (_previous, volume) => {
      if (volume.metadata.deletionTimestamp) volumeQueue.add(keyOf(volume));
    },
  });
  return stack;
}

interface Queues {
  readonly attachmentQueue: Pick<WorkQueue, 'add'>;
  readonly volumeQueue: Pick<WorkQueue, 'add'>;
}

function watchAttachments(
  context: AttacherContext,
  attachments: Informer<VolumeAttachment>,
  { attachmentQueue, volumeQueue }: Queues,
): void {
  attachments.addHandler({
    onAdd: (attachment) => {
      if (attachment.spec.attacher === context.driver.name) attachmentQueue.add(keyOf(attachment));
    },
    onUpdate: (previous, attachment) => {
      if (attachment.spec.attacher === context.driver.name && concernsAttaching(previous, attachment)) {
        attachmentQueue.add(keyOf(attachment));
      }
    },
    onDelete: ({ metadata, spec }) => {
      const volumeName = spec.source.persistentVolumeName;
      if (volumeName === undefined) return;
      forgetBegun(context, volumeName, metadata.uid);
      volumeQueue.add(volumeName);
      // One of them may have waited for this one.
      for (const waiting of context.attachmentsOf(volumeName)) attachmentQueue.add(keyOf(waiting));
    },
  });
}

/** Our own writes of errors and finalizers must not bring an attachment back before its back-off has passed. */
function concernsAttaching(previous: VolumeAttachment, current: VolumeAttachment): boolean {
  return (
    previous.metadata.deletionTimestamp !== current.metadata.deletionTimestamp ||
    (previous.status?.attached === true) !== (current.status?.attached === true)
  );
}
