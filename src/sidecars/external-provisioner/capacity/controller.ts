/**
 * Publishes how much storage a driver has, as CSIStorageCapacity objects, one for each segment and class: asked of the
 * driver once in a while and whenever a volume was made or deleted. Upstream: external-provisioner pkg/capacity.
 */
import type { VolumeNodeAffinity } from '../../../api/index.ts';
import { type Clock, isAbort, type Logger } from '../../../base/index.ts';
import type { Client, InformerFactory } from '../../../client/index.ts';
import { ControllerCapability } from '../../../csi/index.ts';
import type { MetricsRegistry } from '../../../metrics/index.ts';
import { untilSynced } from '../../common/after-sync.ts';
import type { CsiDriver } from '../../common/driver.ts';
import { type CapacityFlags, defaultCapacityFlags } from './context.ts';
import { managerNameOf } from './manager-name.ts';
import { collectMetrics } from './metrics.ts';
import { Publication } from './publication.ts';
import { fixedSegment, segmentsFromNodes } from './segment-source.ts';

export interface CapacityOptions {
  readonly client: Client;
  /** Not started yet. */
  readonly informers: InformerFactory;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly flags?: Partial<CapacityFlags>;
}

/** Told of what has probably changed how much is left. What it does not hear of is found with the next poll. */
export interface CapacityRefresher {
  /** A volume was made or deleted. Without an affinity nobody knows where: the class is looked at everywhere. */
  volumeChanged(affinity: VolumeNodeAffinity | undefined, className: string): void;
  /** A volume of the class could not be made. */
  classChanged(className: string): void;
}

export const noRefresher: CapacityRefresher = { volumeChanged: () => {}, classChanged: () => {} };

export function startCapacity(options: CapacityOptions): CapacityRefresher & AsyncDisposable {
  const { client, informers, driver, clock, logger, metrics } = options;
  const flags = { ...defaultCapacityFlags, ...options.flags };
  if (!driver.controllerCapabilities.has(ControllerCapability.GET_CAPACITY)) {
    // Worth a line where somebody has asked for it.
    if (flags.publish === 'always') logger.warn('driver does not tell its capacity: none is published');
    return { ...noRefresher, [Symbol.asyncDispose]: async () => {} };
  }
  const { node, namespace, owner } = flags;
  const manager = { driver: driver.name, managedBy: managerNameOf(node?.name), namespace, owner };
  const segments = node ? fixedSegment(node.segment) : segmentsFromNodes(driver.name, informers, clock);
  const context = { client, driver, manager, flags };
  const publication = new Publication({ informers, clock, logger, segments, context });
  using counting = new DisposableStack();
  if (metrics) counting.use(collectMetrics(metrics, () => publication.counts()));
  const counted = counting.move();
  const stop = new AbortController();
  // An object whose node or class is not seen yet would look like one too many.
  const started = untilSynced([...publication.caches, ...segments.caches], stop.signal).then(
    () => {
      if (!stop.signal.aborted) publication.start();
    },
    (error: unknown) => {
      if (!isAbort(error)) logger.error('capacity cannot be published', { error });
    },
  );
  return {
    volumeChanged: (affinity, className) => publication.volumeChanged(affinity, className),
    classChanged: (className) => publication.classChanged(className),
    async [Symbol.asyncDispose]() {
      stop.abort();
      counted.dispose();
      await started;
      await publication[Symbol.asyncDispose]();
    },
  };
}
