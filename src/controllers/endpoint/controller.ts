/** The Endpoints controller: under each service's name, the addresses of its pods that are ready and of those that are not. */
import { endpoints, keyOf, pods, services } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { addServicePodIndexes, TriggerTimes, wakeServices } from '../common/service-pods.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { type EndpointsContext, syncEndpoints } from './sync-endpoints.ts';

/** The name that its events carry. */
export const endpointsControllerName = 'endpoint-controller';

/** Endpoints that elect a leader are no service's. */
const annLeader = 'control-plane.alpha.kubernetes.io/leader';

export function startEndpointsController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: endpointsControllerName });
  const context: EndpointsContext = {
    client,
    recorder,
    services: informers.informer(services),
    pods: informers.informer(pods),
    endpoints: informers.informer(endpoints),
    triggerTimes: new TriggerTimes(),
  };
  addServicePodIndexes(context);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncEndpoints(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'endpoint',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    stack.use(
      context.services.addHandler({
        onAdd: (service) => queue.add(keyOf(service)),
        onUpdate: (previous, service) => {
          if (previous !== service) queue.add(keyOf(service));
        },
        onDelete: (service) => queue.add(keyOf(service)),
      }),
    );
    stack.use(wakeServices(context, (key) => queue.add(key)));
    stack.use(
      context.endpoints.addHandler({
        // Services that went while nobody looked have left theirs behind.
        onAdd: (left, inInitialList) => {
          if (inInitialList && !left.metadata.annotations?.[annLeader]) queue.add(keyOf(left));
        },
        onDelete: (gone) => queue.add(keyOf(gone)),
      }),
    );
  });
}
