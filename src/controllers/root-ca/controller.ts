/** Publishes the certificate of the cluster's authority: the ConfigMap `kube-root-ca.crt` of every namespace. */
import { type ConfigMap, configMaps, namespaces } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { rootCaName, syncNamespace } from './sync-namespace.ts';

export interface RootCaPublisherOptions extends Omit<ControllerOptions, 'recorder'> {
  /** PEM. While it is not known ('') nothing is published, and what another publishes is left alone. */
  readonly rootCa: string;
}

export const rootCaPublisherName = 'root-ca-cert-publisher';

const nothing: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };

export function startRootCaPublisher(options: RootCaPublisherOptions): AsyncDisposable {
  const { client, informers, clock, rootCa } = options;
  if (rootCa === '') return nothing;
  const logger = options.logger.with({ component: rootCaPublisherName });
  const context = { client, rootCa, namespaces: informers.informer(namespaces), maps: informers.informer(configMaps) };
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (name: string, signal: AbortSignal) => syncNamespace(context, name, signal);
    const metrics = options.metrics;
    const queue = stack.use(runReconciler({ name: 'root_ca_cert_publisher', clock, logger, metrics, reconcile }));
    const wake = ({ metadata }: ConfigMap) => {
      if (metadata.name === rootCaName) queue.add(metadata.namespace);
    };
    stack.use(context.namespaces.addHandler({ onAdd: ({ metadata }) => queue.add(metadata.name) }));
    stack.use(context.maps.addHandler({ onUpdate: (_previous, current) => wake(current), onDelete: wake }));
  });
}
