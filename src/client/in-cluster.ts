/** How a pod reaches the API server of its own cluster: the service's address and the mounted service account. */
import { join } from 'node:path';
import { type Clock, type Fs, messageOf, UsageError } from '../base/index.ts';
import type { ServerConnection } from './http-transport.ts';
import { fileToken } from './token-file.ts';

export interface InClusterOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are read from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Throws a UsageError outside of a pod. */
export async function inClusterConnection(options: InClusterOptions): Promise<ServerConnection> {
  const { fs, clock, env, directory = serviceAccountDirectory } = options;
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new UsageError('not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
  }
  const token = fileToken(fs, clock, join(directory, 'token'));
  try {
    const caData = await fs.readFile(join(directory, 'ca.crt'), 'utf8');
    await token();
    return { server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, caData, token };
  } catch (cause) {
    throw new UsageError(`cannot use the service account in ${directory}: ${messageOf(cause)}`, { cause });
  }
}
