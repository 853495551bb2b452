/** The namespace controller: empties a namespace that is being deleted, then lets it go. */
import { type KubernetesObject, keyOf, type Namespace, namespaces, type ResourceType } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { contentTypes, syncNamespace } from './sync-namespace.ts';

export interface NamespaceControllerOptions extends Omit<ControllerOptions, 'recorder'> {
  /** Asks the server for every kind that a namespace may hold; the built-in ones unless given. */
  readonly namespacedTypes?: (signal: AbortSignal) => Promise<readonly ResourceType[]>;
}

export const namespaceControllerName = 'namespace-controller';

/** Objects seldom end alone. */
const settleMs = 100;

export function startNamespaceController(options: NamespaceControllerOptions): AsyncDisposable {
  const { client, informers, clock } = options;
  const logger = options.logger.with({ component: namespaceControllerName });
  const informer = informers.informer(namespaces);
  const sources = contentTypes.map((type) => informers.informer(type));
  return startWhenSynced(informers, logger, (stack) => {
    const namespacedTypes = options.namespacedTypes ?? (async () => contentTypes);
    const context = { client, namespaces: informer, clock, namespacedTypes };
    const reconcile = (key: string, signal: AbortSignal) => syncNamespace(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'namespace',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    const wake = (namespace: Namespace) => {
      if (namespace.metadata.deletionTimestamp) queue.add(keyOf(namespace));
    };
    stack.use(informer.addHandler({ onAdd: wake, onUpdate: (_previous, current) => wake(current) }));
    // One look for all that ends in a while.
    const wakeSoon = ({ metadata }: KubernetesObject) => {
      const { namespace = '' } = metadata;
      if (informer.get(namespace)?.metadata.deletionTimestamp) queue.addAfter(namespace, settleMs);
    };
    for (const source of sources) stack.use(source.addHandler({ onDelete: wakeSoon }));
  });
}
