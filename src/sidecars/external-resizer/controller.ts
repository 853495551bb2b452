/** The external-resizer role: grows volumes through one CSI driver, and gives them other VolumeAttributesClasses. */
import { keyOf, persistentVolumeClaims, persistentVolumes, pods, volumeAttributesClasses } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import {
  type Client,
  type EventRecorder,
  type InformerFactory,
  type Reconcile,
  runReconciler,
} from '../../client/index.ts';
import { podClaims } from '../../component-helpers/index.ts';
import { ControllerCapability } from '../../csi/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import { SlowRetries } from '../common/slow-retries.ts';
import { defaultResizerFlags, type ResizerContext, type ResizerFlags } from './context.ts';
import { syncClass } from './sync-class.ts';
import { syncSize } from './sync-size.ts';
import { watchClasses, watchSizes } from './watches.ts';

export interface ResizerOptions {
  readonly client: Client;
  /** Not started yet: the role adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly flags?: Partial<ResizerFlags>;
}

const podsByClaim = 'external-resizer/claim';

/** Whether the driver can do any of what this role does. */
export function canResize({ controllerCapabilities, expansion }: CsiDriver): boolean {
  return expansion !== 'none' || controllerCapabilities.has(ControllerCapability.MODIFY_VOLUME);
}

export function startResizer(options: ResizerOptions): AsyncDisposable {
  const { informers, driver, clock, logger, metrics } = options;
  const stack = new AsyncDisposableStack();
  if (!canResize(driver)) {
    logger.info('CSI driver does not support resize nor modify: resizer is idle', { driver: driver.name });
    return stack;
  }
  const flags = { ...defaultResizerFlags, ...options.flags };
  const context = contextOf(options, flags);
  const backoff = { initialMs: flags.retryIntervalStartMs, maxMs: flags.retryIntervalMaxMs };
  const common = { clock, logger, metrics, backoff, concurrency: flags.workers };
  const run = (name: string, reconcile: Reconcile) =>
    stack.use(runReconciler({ ...common, name: `${driver.name}-${name}`, reconcile }));
  if (driver.expansion !== 'none')
    watchSizes(
      informers,
      context,
      run('resize', (key, signal) => syncSize(context, key, signal)),
    );
  if (driver.controllerCapabilities.has(ControllerCapability.MODIFY_VOLUME)) {
    watchClasses(
      informers,
      run('modify', (key, signal) => syncClass(context, key, signal)),
    );
  }
  informers.informer(persistentVolumeClaims).addHandler({ onDelete: (claim) => forget(context, keyOf(claim)) });
  return stack;
}

function contextOf(options: ResizerOptions, flags: ResizerFlags): ResizerContext {
  const { informers, clock } = options;
  const podInformer = informers.informer(pods);
  podInformer.addIndex(podsByClaim, (pod) =>
    podClaims(pod).map(({ claimName }) => `${pod.metadata.namespace}/${claimName}`),
  );
  return {
    ...options,
    claims: informers.informer(persistentVolumeClaims),
    volumes: informers.informer(persistentVolumes),
    attributesClasses: informers.informer(volumeAttributesClasses),
    podsUsing: (claimKey) => podInformer.byIndex(podsByClaim, claimKey),
    flags,
    memory: {
      failedForGood: new Set(),
      refusedInUse: new Set(),
      begunInOrder: new Set(),
      infeasibleSizes: new SlowRetries(clock, flags.retryIntervalMaxMs),
      infeasibleClasses: new SlowRetries(clock, flags.retryIntervalMaxMs),
    },
  };
}

function forget({ memory }: ResizerContext, key: string): void {
  memory.failedForGood.delete(key);
  memory.refusedInUse.delete(key);
  memory.begunInOrder.delete(key);
  memory.infeasibleSizes.delete(key);
  memory.infeasibleClasses.delete(key);
}
