/** What every role has in common when it runs as a process of its own: flags, logs, signals, a client over HTTP. */
import { hostname } from 'node:os';
import {
  type Clock,
  createLogger,
  type Logger,
  type Random,
  realClock,
  realFs,
  realRandom,
  UsageError,
} from '../../base/index.ts';
import {
  type Client,
  createClient,
  createHttpTransport,
  createInformerFactory,
  type InformerFactory,
  inClusterConnection,
  loadKubeconfig,
  runAsLeader,
  type ServerConnection,
} from '../../client/index.ts';
import { aborted, guardProcess } from '../process-guard.ts';

export interface RoleFlags {
  readonly kubeconfig?: string;
  readonly leaderElect?: boolean;
  readonly leaderElectResourceNamespace?: string;
  readonly loggingFormat?: string;
  readonly verbosity?: string;
  /** The process's environment: KUBECONFIG, and what a pod is given to find its cluster. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface Role {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly hostName: string;
  readonly signal: AbortSignal;
  readonly client: (component: string) => Client;
  readonly informers: InformerFactory;
  /** Ended, last added first, when the role stops. */
  readonly stack: AsyncDisposableStack;
}

function parseVerbosity(text: string | undefined): number {
  const verbosity = Number(text ?? '2');
  if (!Number.isInteger(verbosity) || verbosity < 0 || verbosity > 10)
    throw new UsageError(`-v: "${text}" is not a number from 0 to 10`);
  return verbosity;
}

export function roleLogger(flags: RoleFlags): Logger {
  const format = flags.loggingFormat ?? 'text';
  if (format !== 'text' && format !== 'json') throw new UsageError(`--logging-format: "${format}" is not text or json`);
  return createLogger({ format, verbosity: parseVerbosity(flags.verbosity) });
}

async function connectionOf(flags: RoleFlags, env: Environment): Promise<ServerConnection> {
  const paths = (flags.kubeconfig ?? env.KUBECONFIG ?? '').split(':').filter(Boolean);
  if (paths.length > 0) return loadKubeconfig({ fs: realFs, clock: realClock, paths });
  if (!env.KUBERNETES_SERVICE_HOST) throw new UsageError('--kubeconfig: needed outside a cluster');
  return inClusterConnection({ fs: realFs, clock: realClock, env });
}

/**
 * Runs a role against an API server until it is signalled. With leader election the body starts when this process
 * leads, and the process exits with status 1 when it no longer does: whoever supervises it starts it again.
 */
export async function runRole(name: string, flags: RoleFlags, start: (role: Role) => Promise<void>): Promise<void> {
  const logger = roleLogger(flags).with({ component: name });
  const clock = realClock;
  using guard = guardProcess(logger, clock);
  const { signal } = guard;
  const random = realRandom;
  const transport = createHttpTransport({
    ...(await connectionOf(flags, flags.env ?? {})),
    clock,
    userAgent: `stowage-${name}`,
  });
  const client = (component: string) => createClient({ transport, fieldManager: component });
  const work = async (until: AbortSignal): Promise<void> => {
    await using stack = new AsyncDisposableStack();
    const informers = stack.use(createInformerFactory({ client: client(name), clock, logger, random }));
    await start({ clock, random, logger, hostName: hostname(), signal: until, client, informers, stack });
    logger.info('running');
    await aborted(until);
  };
  if (flags.leaderElect === false) return await work(signal);
  const lease = { namespace: flags.leaderElectResourceNamespace ?? 'kube-system', name };
  const identity = `${hostname()}_${random.uuid()}`;
  const end = await runAsLeader({ client: client(name), clock, random, logger, lease, identity, signal }, work);
  if (end === 'lost') {
    logger.error('leader election lost');
    process.exitCode = 1;
  }
}
