/**
 * The bundled hostpath driver as a child process: started with the cluster, restarted when it dies, stopped with it.
 * It ends by itself when this process is gone, because its standard input then closes.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import {
  Backoff,
  type Clock,
  type Logger,
  messageOf,
  onAbort,
  type SpawnedProcess,
  spawnProcess,
  UsageError,
} from '../base/index.ts';
import { addHostpathFlags, hostpathNodeFlags, readHostpathFlags } from '../drivers/index.ts';

export interface HostpathOptions {
  /** The program's own entry file. */
  readonly entry: string;
  readonly stateDir: string;
  readonly controllerSocket: string;
  readonly nodeSockets: ReadonlyMap<string, string>;
  readonly extraArgs: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A driver that dies at once is not started in a tight loop. */
const restartBackoff = { initialMs: 100, maxMs: 10_000 };

/** A driver that ran this long is taken to be healthy again. */
const healthyAfterMs = 60_000;

/** What a driver may take to end its calls before it is killed. */
const stopTimeoutMs = 3000;

function argumentsOf(options: HostpathOptions): string[] {
  const sockets = [...options.nodeSockets].flatMap(([node, path]) => ['--node', `${node}=unix://${path}`]);
  return [
    options.entry,
    'driver',
    'hostpath',
    '--endpoint',
    `unix://${options.controllerSocket}`,
    ...sockets,
    '--statedir',
    options.stateDir,
    '--enable-attach=true',
    '--enable-topology=false',
    '--enable-controller-modify-volume=true',
    '--exit-with-parent',
    ...options.extraArgs,
  ];
}

/** Throws a UsageError for flags that the driver would refuse each time it is started. */
export function checkDriverArgs(args: readonly string[]): void {
  const command = addHostpathFlags(new Command()).exitOverride().helpOption(false);
  command.configureOutput({ writeErr: () => {} });
  try {
    command.parse(['--endpoint', 'unix:///any', ...args], { from: 'user' });
    readHostpathFlags(command, '');
  } catch (cause) {
    const reason = messageOf(cause).replace(/^error: /, '');
    throw new UsageError(`--driver-arg: ${reason}; \`stowage driver hostpath --help\` lists what there is`, { cause });
  }
}

export function startHostpathProcess(options: HostpathOptions): AsyncDisposable {
  const { clock, logger } = options;
  const stop = new AbortController();
  const running = supervise(options, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      logger.debug('hostpath driver stopped', { stateDir: options.stateDir, now: clock.now() });
    },
  };
}

async function supervise(options: HostpathOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  const backoff = new Backoff<string>(restartBackoff);
  // Sources are stripped of their types by WebAssembly, which the lean mode does not have.
  const nodeFlags = options.entry.endsWith('.ts') ? [] : hostpathNodeFlags;
  while (!signal.aborted) {
    const startedMs = clock.monotonic();
    const child = spawnProcess(process.execPath, {
      args: [...nodeFlags, ...argumentsOf(options)],
      stdio: ['pipe', 'inherit', 'inherit'],
      // Out of reach of the terminal's Ctrl-C: the volumes are unmounted before the driver ends.
      detached: true,
      cwd: join(options.stateDir, '..'),
    });
    const [code, killedBy] = await ended(child, clock, signal);
    if (signal.aborted) return;
    if (clock.monotonic() - startedMs > healthyAfterMs) backoff.forget('driver');
    const delayMs = backoff.next('driver');
    logger.error('hostpath driver ended, starting it again', { code, killedBy, delayMs });
    await clock.sleep(delayMs, signal).catch(() => {});
  }
}

/** Waits for the end of the child; ends it when the signal aborts, by force if need be. */
async function ended(child: SpawnedProcess, clock: Clock, signal: AbortSignal): Promise<readonly unknown[]> {
  const exit = once(child, 'exit');
  using force = new DisposableStack();
  using stopping = onAbort(signal, () => {
    child.kill('SIGTERM');
    force.use(clock.setTimer(stopTimeoutMs, () => child.kill('SIGKILL')));
  });
  void stopping;
  return await exit;
}
