/** Serves what a role tells about itself, when it is asked to. */
import { hostname } from 'node:os';
import { createSelfSigned } from '../../apiserver/index.ts';
import { realFs, UsageError } from '../../base/index.ts';
import { type Client, createClient, createHttpTransport } from '../../client/index.ts';
import { printProcessMetrics } from '../../metrics/index.ts';
import type { servingFlags } from '../flags/common-flags.ts';
import type { FlagValues } from '../flags/flag-table.ts';
import { startComponentServer } from '../serving/component-server.ts';
import { DelegatedAuth } from '../serving/delegated-auth.ts';
import type { HealthCheck } from '../serving/pages.ts';
import { connectionOf } from './connect.ts';
import type { RoleProcess } from './role.ts';
import type { Environment } from './role-options.ts';

export interface ServingOptions {
  readonly flags: FlagValues<ReturnType<typeof servingFlags>>;
  readonly env: Environment;
  readonly health: readonly HealthCheck[];
  /** What /configz shows. */
  readonly config: Readonly<Record<string, object>>;
}

/** Ended with the process. Throws a UsageError when the port cannot be taken or a file cannot be read. */
export async function serveRole(running: RoleProcess, options: ServingOptions): Promise<void> {
  const { flags, env, health, config } = options;
  if (flags['secure-port'] === 0) return;
  const { clock, logger, metrics, decisions, stack } = running;
  const clientOf = async (kubeconfig: string): Promise<Client> => {
    if (kubeconfig === '') return running.client('delegated-auth');
    const connection = await connectionOf({ kubeconfig, master: '', rateLimit: undefined, env });
    const transport = createHttpTransport({ ...connection, clock, userAgent: 'stowage-delegated-auth', metrics });
    return createClient({ transport: stack.use(transport), fieldManager: 'delegated-auth' });
  };
  const authentication = flags['authentication-skip-lookup']
    ? undefined
    : await clientOf(flags['authentication-kubeconfig']);
  const authorization = await clientOf(flags['authorization-kubeconfig']);
  const pages = { metrics, decisions, health, config, moreMetrics: printProcessMetrics };
  const server = await startComponentServer({
    host: flags['bind-address'],
    port: flags['secure-port'],
    keys: await servingKeys(running, flags),
    clientCa: flags['client-ca-file'] ? await readNamed('--client-ca-file', flags['client-ca-file']) : undefined,
    auth: new DelegatedAuth({ clock, authentication, authorization }),
    alwaysAllowPaths: flags['authorization-always-allow-paths'],
    pages,
    logger,
  });
  stack.use(server);
  logger.info('serving health, metrics and decisions', { port: server.port });
}

async function servingKeys({ clock, random }: RoleProcess, flags: ServingOptions['flags']) {
  const { 'tls-cert-file': certFile, 'tls-private-key-file': keyFile } = flags;
  if ((certFile === '') !== (keyFile === ''))
    throw new UsageError('--tls-cert-file and --tls-private-key-file: each needs the other');
  if (certFile === '') {
    const hosts = [hostname(), 'localhost', '127.0.0.1'];
    return () => createSelfSigned({ commonName: hostname(), hosts }, { clock, random });
  }
  const certificate = await readNamed('--tls-cert-file', certFile);
  const key = await readNamed('--tls-private-key-file', keyFile);
  return async () => ({ certificate, key });
}

async function readNamed(flag: string, path: string): Promise<string> {
  try {
    return await realFs.readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${flag}: cannot read ${path}`, { cause });
  }
}
