/** Sees to it that every namespace has the ServiceAccount `default`. */
import { isAlreadyExists, isForbidden, isNotFound, namespaces, serviceAccounts } from '../../api/index.ts';
import { done, type ReconcileResult, runReconciler } from '../../client/index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';

export type ServiceAccountControllerOptions = Omit<ControllerOptions, 'recorder'>;

export const serviceAccountControllerName = 'service-account-controller';

const defaultAccount = 'default';

export function startServiceAccountController(options: ServiceAccountControllerOptions): AsyncDisposable {
  const { client, informers, clock } = options;
  const logger = options.logger.with({ component: serviceAccountControllerName });
  const namespaceInformer = informers.informer(namespaces);
  const accounts = informers.informer(serviceAccounts);
  const reconcile = async (namespace: string, signal: AbortSignal): Promise<ReconcileResult> => {
    const known = namespaceInformer.get(namespace);
    if (!known || known.metadata.deletionTimestamp !== undefined) return done;
    if (accounts.get(`${namespace}/${defaultAccount}`)) return done;
    try {
      await client.create(serviceAccounts, { metadata: { namespace, name: defaultAccount } }, { signal });
    } catch (thrown) {
      // Another was faster, or the namespace went away, or is going, while we were at it.
      if (!isAlreadyExists(thrown) && !isNotFound(thrown) && !isForbidden(thrown)) throw thrown;
    }
    return done;
  };
  return startWhenSynced(informers, logger, (stack) => {
    const metrics = options.metrics;
    const queue = stack.use(runReconciler({ name: 'serviceaccount', clock, logger, metrics, reconcile }));
    stack.use(namespaceInformer.addHandler({ onAdd: ({ metadata }) => queue.add(metadata.name) }));
    stack.use(accounts.addHandler({ onDelete: ({ metadata }) => queue.add(metadata.namespace) }));
  });
}
