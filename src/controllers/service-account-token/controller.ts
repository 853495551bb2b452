/**
 * The token controller: gives Secrets of type `kubernetes.io/service-account-token` the token of their service account,
 * and removes them with it. Upstream: controller/serviceaccount/tokens_controller.go.
 */
import { keyOf, type Secret, type ServiceAccount, secrets, serviceAccounts } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { accountKeyOf, syncSecret, type TokenContext } from './sync-secret.ts';

export interface ServiceAccountTokenControllerOptions extends Omit<ControllerOptions, 'recorder'> {
  /** The certificate of the cluster's authority, PEM; '' when it is not known. */
  readonly rootCa: string;
}

export const serviceAccountTokenControllerName = 'tokens-controller';

const byAccount = 'service-account-token/account';

export function startServiceAccountTokenController(options: ServiceAccountTokenControllerOptions): AsyncDisposable {
  const { client, informers, clock, rootCa } = options;
  const logger = options.logger.with({ component: serviceAccountTokenControllerName });
  const context: TokenContext = {
    client,
    rootCa,
    secrets: informers.informer(secrets),
    accounts: informers.informer(serviceAccounts),
  };
  context.secrets.addIndex(byAccount, (secret) => {
    const account = accountKeyOf(secret);
    return account === undefined ? [] : [account];
  });
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncSecret(context, key, signal);
    const metrics = options.metrics;
    const queue = stack.use(
      runReconciler({
        name: 'serviceaccount_tokens',
        clock,
        logger,
        metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    const wake = (secret: Secret) => {
      if (accountKeyOf(secret) !== undefined) queue.add(keyOf(secret));
    };
    const wakeAll = (account: ServiceAccount) => {
      for (const secret of context.secrets.byIndex(byAccount, keyOf(account))) wake(secret);
    };
    stack.use(context.secrets.addHandler({ onAdd: wake, onUpdate: (_previous, secret) => wake(secret) }));
    stack.use(context.accounts.addHandler({ onAdd: wakeAll, onDelete: wakeAll }));
  });
}
