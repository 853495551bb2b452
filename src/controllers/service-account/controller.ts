/** Sees to it that every namespace has the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`. */
import { configMaps, namespaces, serviceAccounts } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import { type Client, type InformerFactory, runReconciler } from '../../client/index.ts';
import { rootCaName, syncNamespace } from './sync-namespace.ts';

export interface ServiceAccountControllerOptions {
  readonly client: Client;
  /** Not started yet: the controller adds its handlers. */
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The certificate of the cluster's authority, PEM. */
  readonly rootCa: string;
}

export function startServiceAccountController(options: ServiceAccountControllerOptions): AsyncDisposable {
  const { client, informers, clock, logger, rootCa } = options;
  const namespaceInformer = informers.informer(namespaces);
  const accounts = informers.informer(serviceAccounts);
  const maps = informers.informer(configMaps);
  const context = { client, namespaces: namespaceInformer, accounts, maps, rootCa };
  const queue = runReconciler({
    name: 'service-account',
    clock,
    logger,
    reconcile: (name, signal) => syncNamespace(context, name, signal),
  });
  namespaceInformer.addHandler({ onAdd: ({ metadata }) => queue.add(metadata.name) });
  accounts.addHandler({ onDelete: ({ metadata }) => queue.add(metadata.namespace) });
  const ofRootCa = ({ metadata }: { readonly metadata: { readonly name: string; readonly namespace: string } }) => {
    if (metadata.name === rootCaName) queue.add(metadata.namespace);
  };
  maps.addHandler({ onUpdate: (_previous, current) => ofRootCa(current), onDelete: ofRootCa });
  return queue;
}
