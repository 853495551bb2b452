/** The expand controller: hands claims that ask for more to whoever enlarges their volumes. */
import { keyOf, type PersistentVolumeClaim, persistentVolumeClaims, persistentVolumes } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { annPreResizeCapacity, claimWantsMore } from '../../component-helpers/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import type { FlexControllerPlugin } from '../../volume-plugins/index.ts';
import { Announcer } from '../common/announcer.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { ExpandMetrics } from './metrics.ts';
import { type ExpandContext, syncClaim } from './sync-claim.ts';

/** The name that its events carry. */
export const expandControllerName = 'volume_expand';

export interface ExpandControllerOptions extends ControllerOptions {
  /** The FlexVolume drivers that are installed beside the controller. */
  readonly flexPlugin?: FlexControllerPlugin;
}

export function startExpandController(options: ExpandControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: expandControllerName });
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const context: ExpandContext = {
    client,
    clock,
    announcer: new Announcer(clock, recorder),
    metrics: new ExpandMetrics(options.metrics ?? new MetricsRegistry(), clock),
    claims,
    flex: options.flexPlugin,
  };
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncClaim(context, key, signal);
    const queue = stack.use(
      runReconciler({ name: 'volume_expand', clock, logger, metrics: options.metrics, reconcile }),
    );
    /** Claims at rest are told by a look at two fields: there may be very many. */
    const wake = (claim: PersistentVolumeClaim) => {
      const isNoted = volumes.get(claim.spec.volumeName ?? '')?.metadata.annotations?.[annPreResizeCapacity];
      if (claimWantsMore(claim) || isNoted !== undefined) queue.add(keyOf(claim));
    };
    stack.use(
      claims.addHandler({
        onAdd: wake,
        onUpdate: (previous, claim) => {
          const isAskedAnew = previous.spec.resources?.requests?.storage !== claim.spec.resources?.requests?.storage;
          if (isAskedAnew) context.announcer.forget(keyOf(claim));
          wake(claim);
        },
        onDelete: (claim) => context.announcer.forget(keyOf(claim)),
      }),
    );
  });
}
