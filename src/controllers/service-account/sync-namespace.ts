/** One namespace: makes what is missing and puts back what was changed. */
import {
  type ConfigMap,
  configMaps,
  isAlreadyExists,
  isForbidden,
  isNotFound,
  type Namespace,
  type ServiceAccount,
  serviceAccounts,
} from '../../api/index.ts';
import { type Client, done, type Lister, type ReconcileResult } from '../../client/index.ts';

export interface ServiceAccountContext {
  readonly client: Client;
  readonly namespaces: Lister<Namespace>;
  readonly accounts: Lister<ServiceAccount>;
  readonly maps: Lister<ConfigMap>;
  readonly rootCa: string;
}

export const rootCaName = 'kube-root-ca.crt';
const defaultAccount = 'default';

export async function syncNamespace(
  context: ServiceAccountContext,
  namespace: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client, namespaces, accounts, maps, rootCa } = context;
  if (namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined || !namespaces.get(namespace)) return done;
  const data = { 'ca.crt': rootCa };
  const map = maps.get(`${namespace}/${rootCaName}`);
  try {
    if (!accounts.get(`${namespace}/${defaultAccount}`)) {
      await client
        .create(serviceAccounts, { metadata: { namespace, name: defaultAccount } }, { signal })
        .catch(ignoreExisting);
    }
    if (!map)
      await client
        .create(configMaps, { metadata: { namespace, name: rootCaName }, data }, { signal })
        .catch(ignoreExisting);
    else if (map.data?.['ca.crt'] !== rootCa) await client.update(configMaps, { ...map, data }, { signal });
  } catch (thrown) {
    // The namespace went away, or is going, while we were at it.
    if (!isNotFound(thrown) && !isForbidden(thrown)) throw thrown;
  }
  return done;
}

function ignoreExisting(thrown: unknown): void {
  if (!isAlreadyExists(thrown)) throw thrown;
}
