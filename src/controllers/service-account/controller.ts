/** Sees to it that every namespace has the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`. */
import { type ConfigMap, configMaps, namespaces, serviceAccounts } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { rootCaName, syncNamespace } from './sync-namespace.ts';

export interface ServiceAccountControllerOptions extends Omit<ControllerOptions, 'recorder'> {
  /** The certificate of the cluster's authority, PEM. */
  readonly rootCa: string;
}

export const serviceAccountControllerName = 'service-account-controller';

export function startServiceAccountController(options: ServiceAccountControllerOptions): AsyncDisposable {
  const { client, informers, clock, rootCa } = options;
  const logger = options.logger.with({ component: serviceAccountControllerName });
  const context = {
    client,
    rootCa,
    namespaces: informers.informer(namespaces),
    accounts: informers.informer(serviceAccounts),
    maps: informers.informer(configMaps),
  };
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (name: string, signal: AbortSignal) => syncNamespace(context, name, signal);
    const queue = stack.use(runReconciler({ name: 'service-account', clock, logger, reconcile }));
    const wake = ({ metadata }: ConfigMap) => {
      if (metadata.name === rootCaName) queue.add(metadata.namespace);
    };
    stack.use(context.namespaces.addHandler({ onAdd: ({ metadata }) => queue.add(metadata.name) }));
    stack.use(context.accounts.addHandler({ onDelete: ({ metadata }) => queue.add(metadata.namespace) }));
    stack.use(context.maps.addHandler({ onUpdate: (_previous, current) => wake(current), onDelete: wake }));
  });
}
