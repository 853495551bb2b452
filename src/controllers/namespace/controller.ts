/** The namespace controller: empties a namespace that is being deleted, then lets it go. */
import { keyOf, namespaces } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import { type Client, type InformerFactory, runReconciler } from '../../client/index.ts';
import { syncNamespace } from './sync-namespace.ts';

export interface NamespaceControllerOptions {
  readonly client: Client;
  /** Not started yet: the controller adds its handlers. */
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function startNamespaceController(options: NamespaceControllerOptions): AsyncDisposable {
  const { client, informers, clock, logger } = options;
  const informer = informers.informer(namespaces);
  const queue = runReconciler({
    name: 'namespace',
    clock,
    logger,
    reconcile: (key, signal) => syncNamespace({ client, namespaces: informer, clock }, key, signal),
  });
  const add = (namespace: { readonly metadata: { readonly name: string; readonly deletionTimestamp?: string } }) => {
    if (namespace.metadata.deletionTimestamp) queue.add(keyOf(namespace));
  };
  informer.addHandler({ onAdd: add, onUpdate: (_previous, current) => add(current) });
  return queue;
}
