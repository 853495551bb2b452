/** Finds the API server of a role and who it is there. */
import { realClock, realFs, UsageError } from '../../base/index.ts';
import { inClusterConnection, loadKubeconfig, type ServerConnection } from '../../client/index.ts';
import type { ConnectionOptions } from './role-options.ts';

/** Throws a UsageError when there is no server, or the kubeconfig cannot be used. */
export async function connectionOf({ kubeconfig, master, env }: ConnectionOptions): Promise<ServerConnection> {
  const paths = (kubeconfig || env.KUBECONFIG || '').split(':').filter(Boolean);
  if (paths.length > 0) {
    const known = await loadKubeconfig({ fs: realFs, clock: realClock, paths });
    return master === '' ? known : { ...known, server: masterUrl(master) };
  }
  if (master !== '') return { server: masterUrl(master) };
  if (!env.KUBERNETES_SERVICE_HOST) throw new UsageError('--kubeconfig: needed outside a cluster');
  return inClusterConnection({ fs: realFs, clock: realClock, env });
}

/** `host:port` is http, as upstream reads it. */
function masterUrl(master: string): string {
  const url = URL.parse(master.includes('://') ? master : `http://${master}`);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`--master: "${master}" is not the address of a server`);
  return url.href;
}
