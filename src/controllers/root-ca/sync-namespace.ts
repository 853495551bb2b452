/** One namespace: makes its copy of the certificate, and puts back what was changed. */
import {
  type ConfigMap,
  configMaps,
  isAlreadyExists,
  isForbidden,
  isNotFound,
  type Namespace,
} from '../../api/index.ts';
import { type Client, done, type Lister, type ReconcileResult } from '../../client/index.ts';

export interface RootCaContext {
  readonly client: Client;
  readonly namespaces: Lister<Namespace>;
  readonly maps: Lister<ConfigMap>;
  readonly rootCa: string;
}

export const rootCaName = 'kube-root-ca.crt';

export async function syncNamespace(
  context: RootCaContext,
  namespace: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client, namespaces, maps, rootCa } = context;
  if (namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined || !namespaces.get(namespace)) return done;
  const data = { 'ca.crt': rootCa };
  const map = maps.get(`${namespace}/${rootCaName}`);
  try {
    if (!map) await client.create(configMaps, { metadata: { namespace, name: rootCaName }, data }, { signal });
    else if (map.data?.['ca.crt'] !== rootCa) await client.update(configMaps, { ...map, data }, { signal });
  } catch (thrown) {
    // Another was faster, or the namespace went away, or is going, while we were at it.
    if (!isAlreadyExists(thrown) && !isNotFound(thrown) && !isForbidden(thrown)) throw thrown;
  }
  return done;
}
