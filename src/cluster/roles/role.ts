/** What every role has in common when it runs as a process of its own: flags, logs, signals, a client over HTTP. */
import { hostname } from 'node:os';
import {
  type Clock,
  createLogger,
  DecisionLog,
  isAbort,
  type Logger,
  type Random,
  realClock,
  realRandom,
} from '../../base/index.ts';
import {
  type Client,
  createClient,
  createEventRecorder,
  createHttpTransport,
  createInformerFactory,
  type GetDocument,
  type InformerFactory,
  runAsLeader,
  type ServerConnection,
} from '../../client/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { aborted, guardProcess } from '../process-guard.ts';
import { connectionOf } from './connect.ts';
import { RoleHealth } from './role-health.ts';
import { type LeaderElectionSettings, type LogSettings, type RoleOptions, tellIdleFlags } from './role-options.ts';

export interface RoleProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly decisions: DecisionLog;
  readonly health: RoleHealth;
  readonly hostName: string;
  /** Aborts when the process is to stop. */
  readonly signal: AbortSignal;
  readonly connection: ServerConnection;
  readonly client: (component: string) => Client;
  readonly getDocument: GetDocument;
  /** Ended, last added first, when the process stops. */
  readonly stack: AsyncDisposableStack;
}

export interface Role extends RoleProcess {
  readonly informers: InformerFactory;
}

export function roleLogger({ format, verbosity }: LogSettings): Logger {
  return createLogger({ format, verbosity });
}

/** Runs a role against an API server until it is signalled. */
export async function runRole(
  name: string,
  options: RoleOptions,
  body: (process: RoleProcess) => Promise<void>,
): Promise<void> {
  const logger = roleLogger(options.log).with({ component: name });
  tellIdleFlags(options.idle ?? [], logger);
  options.gates.tell(logger);
  const clock = realClock;
  using guard = guardProcess(logger, clock);
  const metrics = new MetricsRegistry();
  options.gates.record(metrics);
  const connection = await connectionOf(options.connection);
  const { rateLimit } = options.connection;
  await using stack = new AsyncDisposableStack();
  const transport = stack.use(
    createHttpTransport({
      ...connection,
      clock,
      metrics,
      userAgent: `stowage-${name}`,
      ...(rateLimit ? { rateLimit } : {}),
    }),
  );
  await body({
    name,
    clock,
    random: realRandom,
    logger,
    metrics,
    decisions: new DecisionLog(clock),
    health: new RoleHealth(clock),
    hostName: hostname(),
    signal: guard.signal,
    connection,
    client: (component) => createClient({ transport, fieldManager: component }),
    getDocument: (path, signal) => transport.getDocument(path, signal),
    stack,
  });
}

/**
 * Starts the work at once without leader election, else when this process leads. Resolves when the process is to stop,
 * or when it leads no longer: then it exits with status 1, and whoever supervises it starts it again.
 */
export async function whileLeading(
  running: RoleProcess,
  election: LeaderElectionSettings | undefined,
  start: (role: Role) => Promise<void>,
): Promise<void> {
  const { name, clock, random, logger, hostName, client, health } = running;
  const work = async (signal: AbortSignal): Promise<void> => {
    await using stack = new AsyncDisposableStack();
    const informers = stack.use(createInformerFactory({ client: client('informers'), clock, logger, random }));
    health.starting();
    try {
      await start({ ...running, signal, informers, stack });
    } catch (thrown) {
      // Stopped while it waited for something to begin with.
      if (signal.aborted && isAbort(thrown)) return;
      throw thrown;
    }
    // Ends with the signal at the latest, and then says nothing.
    informers.waitForSync(signal).then(
      () => health.synced(),
      () => {},
    );
    logger.info('running');
    await aborted(signal);
  };
  if (!election) return await work(running.signal);
  const identity = `${hostName}_${random.uuid()}`;
  const own = client('leader-election');
  await using recorder = createEventRecorder({ client: own, clock, random, component: name, logger });
  const candidate = { client: own, identity, signal: running.signal, recorder, metrics: running.metrics };
  const onHeld = () => health.held(election.lease.name, election.leaseDurationMs);
  const end = await runAsLeader({ ...election, ...candidate, clock, random, logger, onHeld }, work);
  health.ended();
  if (end === 'lost') {
    logger.error('leader election lost');
    process.exitCode = 1;
  }
}
