/** The external-snapshotter role: takes, finds and deletes snapshots through one CSI driver. */
import {
  keyOf,
  labelSnapshotManagedBy,
  type VolumeSnapshotContent,
  volumeSnapshotClasses,
  volumeSnapshotContents,
} from '../../api/index.ts';
import { Backoff, type Clock, type Logger } from '../../base/index.ts';
import { type Client, type EventRecorder, type InformerFactory, runReconciler } from '../../client/index.ts';
import { ControllerCapability } from '../../csi/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import { defaultSnapshotterFlags, type SnapshotterContext, type SnapshotterFlags } from './context.ts';
import { concernsSnapshotting, isBeingCreated } from './decide-content.ts';
import { syncContent } from './sync-content.ts';

export interface SnapshotterOptions {
  readonly client: Client;
  /** Not started yet: the role adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly flags?: Partial<SnapshotterFlags>;
}

/** Whether the driver can do what this role does. */
export function canSnapshot({ controllerCapabilities }: CsiDriver): boolean {
  return controllerCapabilities.has(ControllerCapability.CREATE_DELETE_SNAPSHOT);
}

export function startSnapshotter(options: SnapshotterOptions): AsyncDisposable {
  const { informers, driver, clock, logger, metrics } = options;
  if (!canSnapshot(driver)) {
    logger.info('driver does not take snapshots: snapshotter is idle', { driver: driver.name });
    return { [Symbol.asyncDispose]: async () => {} };
  }
  const flags = { ...defaultSnapshotterFlags, ...options.flags };
  const backoff = { initialMs: flags.retryIntervalStartMs, maxMs: flags.retryIntervalMaxMs };
  const selection = flags.nodeName ? { labelSelector: `${labelSnapshotManagedBy}=${flags.nodeName}` } : {};
  const contents = informers.informer(volumeSnapshotContents, selection);
  const classes = informers.informer(volumeSnapshotClasses);
  // Informers are shared, also with the snapshotters of other drivers.
  const contentsByHandle = `external-snapshotter/${driver.name}/handle`;
  contents.addIndex(contentsByHandle, ({ spec, status }) =>
    spec.driver === driver.name && spec.source.volumeHandle !== undefined && status?.snapshotHandle
      ? [status.snapshotHandle]
      : [],
  );
  const context: SnapshotterContext = {
    ...options,
    contents,
    classes,
    takenAs: (handle) => contents.byIndex(contentsByHandle, handle),
    polls: new Backoff(backoff),
    flags,
  };
  const queue = runReconciler({
    name: `${driver.name}-snapshot`,
    clock,
    logger,
    metrics,
    concurrency: flags.workerThreads,
    backoff,
    reconcile: (key, signal) => syncContent(context, key, signal),
  });
  contents.addHandler({
    onAdd: (content) => queue.add(keyOf(content)),
    onUpdate: (previous, content) => {
      if (concernsSnapshotting(previous, content)) queue.add(keyOf(content));
    },
    onDelete: (content) => forget(context, content),
  });
  classes.addHandler({
    onAdd: ({ metadata }) => {
      for (const content of contents.list())
        if (content.spec.volumeSnapshotClassName === metadata.name) queue.add(keyOf(content));
    },
  });
  return queue;
}

function forget({ driver, polls, logger }: SnapshotterContext, content: VolumeSnapshotContent): void {
  const { metadata, spec } = content;
  polls.forget(metadata.name);
  if (spec.driver !== driver.name || !isBeingCreated(content)) return;
  // Somebody has taken its finalizer away.
  const { volumeHandle } = spec.source;
  logger.error('content is gone while its snapshot may exist', { content: metadata.name, volumeHandle });
}
