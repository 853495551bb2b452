/** The EndpointSlice controller: the addresses of each service's pods with their conditions, in slices of bounded size. */
import { endpointSlices, keyOf, nodes, pods, services } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { addPodNodeIndex, podsOnNode } from '../common/pods-by-node.ts';
import { addServicePodIndexes, servicesOfPod, TriggerTimes, wakeServices } from '../common/service-pods.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { labelManagedBy, type SlicesContext, slicesByService, slicesManager, syncService } from './sync-service.ts';
import { serviceKeyOf, WrittenSlices } from './written-slices.ts';

/** The name that its events carry. */
export const endpointSliceControllerName = 'endpoint-slice-controller';

export function startEndpointSliceController(options: ControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: endpointSliceControllerName });
  const nodeInformer = informers.informer(nodes);
  const context: SlicesContext = {
    client,
    recorder,
    services: informers.informer(services),
    pods: informers.informer(pods),
    slices: informers.informer(endpointSlices),
    nodes: nodeInformer,
    written: new WrittenSlices(),
    triggerTimes: new TriggerTimes(),
  };
  addServicePodIndexes(context);
  addPodNodeIndex(context.pods);
  context.slices.addIndex(slicesByService, (slice) => {
    const key = serviceKeyOf(slice);
    return key !== undefined && slice.metadata.labels?.[labelManagedBy] === slicesManager ? [key] : [];
  });
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncService(context, key, signal);
    const name = 'endpoint_slice';
    const queue = stack.use(
      runReconciler({ name, clock, logger, metrics: options.metrics, concurrency: options.concurrency, reconcile }),
    );
    const wake = (key: string | undefined) => {
      if (key !== undefined && context.services.get(key)) queue.add(key);
    };
    stack.use(
      context.services.addHandler({
        onAdd: (service) => queue.add(keyOf(service)),
        onUpdate: (previous, service) => {
          if (previous !== service) queue.add(keyOf(service));
        },
        onDelete: (service) => queue.add(keyOf(service)),
      }),
    );
    stack.use(wakeServices(context, wake));
    stack.use(
      context.slices.addHandler({
        onAdd: (slice) => wake(serviceKeyOf(slice)),
        onUpdate: (previous, slice) => {
          if (previous === slice) return;
          wake(serviceKeyOf(previous));
          wake(serviceKeyOf(slice));
        },
        onDelete: (slice) => {
          const key = serviceKeyOf(slice);
          if (key !== undefined) context.written.observeDeletion(key, slice);
          wake(key);
        },
      }),
    );
    stack.use(
      nodeInformer.addHandler({
        // Pods are left out until their node is known.
        onAdd: (node, inInitialList) => {
          if (inInitialList) return;
          for (const pod of podsOnNode(context.pods, node.metadata.name)) {
            for (const service of servicesOfPod(context, pod)) wake(keyOf(service));
          }
        },
      }),
    );
  });
}
