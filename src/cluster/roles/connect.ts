/** Finds the API server of a role and who it is there. */
import { realClock, realExec, realFs, UsageError } from '../../base/index.ts';
import { inClusterConnection, loadKubeconfig, type ServerConnection } from '../../client/index.ts';
import type { ConnectionOptions, Environment } from './role-options.ts';

/** Throws a UsageError when there is no server, or the kubeconfig cannot be used. */
export async function connectionOf(options: ConnectionOptions): Promise<ServerConnection> {
  const connection = await directConnectionOf(options);
  // What the kubeconfig says about the way counts more than the environment.
  return connection.proxy ? connection : { ...connection, ...proxyOf(options.env) };
}

async function directConnectionOf({ kubeconfig, master, env }: ConnectionOptions): Promise<ServerConnection> {
  const clock = realClock;
  const paths = (kubeconfig || env.KUBECONFIG || '').split(':').filter(Boolean);
  if (paths.length > 0) {
    const known = await loadKubeconfig({ fs: realFs, clock, paths, exec: realExec(clock), env });
    return master === '' ? known : { ...known, server: masterUrl(master) };
  }
  if (master !== '') return { server: masterUrl(master) };
  if (!env.KUBERNETES_SERVICE_HOST) throw new UsageError('--kubeconfig: needed outside a cluster');
  return inClusterConnection({ fs: realFs, clock, env });
}

function proxyOf(env: Environment): Pick<ServerConnection, 'proxy'> {
  const https = env.HTTPS_PROXY ?? env.https_proxy;
  const http = env.HTTP_PROXY ?? env.http_proxy;
  const none = env.NO_PROXY ?? env.no_proxy;
  if (!https && !http) return {};
  return {
    proxy: {
      ...(https ? { HTTPS_PROXY: https } : {}),
      ...(http ? { HTTP_PROXY: http } : {}),
      ...(none ? { NO_PROXY: none } : {}),
    },
  };
}

/** `host:port` is http, as upstream reads it. */
function masterUrl(master: string): string {
  const url = URL.parse(master.includes('://') ? master : `http://${master}`);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`--master: "${master}" is not the address of a server`);
  return url.href;
}
