/** Where the API is served: the port that was asked for, or 6443, or any free one when that is taken. */
import { isIP } from 'node:net';
import type { ApiServer } from '../apiserver/index.ts';
import { errnoOf, messageOf, UsageError } from '../base/index.ts';

const defaultPort = 6443;

export async function listenForClients(server: ApiServer, host: string, port: number | undefined): Promise<string> {
  const hosts = isIP(host) ? [] : [host];
  try {
    const { address } = await server.listen({ host, port: port ?? defaultPort, hosts });
    return address;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EADDRINUSE') throw new UsageError(`--listen: ${messageOf(thrown)}`, { cause: thrown });
    if (port !== undefined) throw new UsageError(`--listen: ${host}:${port} is in use`, { cause: thrown });
    const { address } = await server.listen({ host, port: 0, hosts });
    return address;
  }
}
