/** The process of the hostpath driver: one controller socket, a socket per node, one state directory. */
import {
  type Clock,
  type Exec,
  type Fs,
  type Random,
  realClock,
  realExec,
  realFs,
  realRandom,
} from '../../base/index.ts';
import { type CsiServer, type Interceptor, type ServedService, serveDriver } from '../../csi/index.ts';
import { createLoopDevices, createMounter } from '../../mount/index.ts';
import { CallLog } from './call-log.ts';
import type { HostpathConfig } from './config.ts';
import { controllerService } from './controller-service.ts';
import type { HostpathDriver } from './driver.ts';
import { identityService } from './identity-service.ts';
import { type DelayRange, delayCalls, nameFullDisk } from './interceptors.ts';
import { nodeService } from './node-service.ts';
import { OperationLocks } from './operation-locks.ts';
import { State } from './state.ts';
import { lockStateDirectory } from './state-lock.ts';
import { type HostpathHost, VolumeFiles } from './volume-files.ts';

export interface NodeEndpoint {
  readonly nodeId: string;
  readonly endpoint: string;
}

export interface HostpathOptions {
  readonly config: HostpathConfig;
  /** Serves Identity and Controller, and Node too when a node is named with it, as upstream's driver does. */
  readonly endpoint?: string | undefined;
  readonly nodeId?: string | undefined;
  /** Each serves Identity and the Node service of its node. */
  readonly nodeEndpoints: readonly NodeEndpoint[];
  readonly callLog?: string | undefined;
  readonly delay?: DelayRange | undefined;
  /** Ends the driver when its standard input, a pipe from its parent, ends. */
  readonly exitWithParent: boolean;
}

export interface DriverWorld {
  readonly clock: Clock;
  readonly fs: Fs;
  readonly exec: Exec;
  readonly random: Random;
}

/** The largest limit that --attach-limit -1 draws. */
const largestRandomLimit = 10;

function drawAttachLimit(config: HostpathConfig, random: Random): HostpathConfig {
  if (config.attachLimit >= 0) return config;
  return { ...config, attachLimit: 1 + Math.floor(random.next() * largestRandomLimit) };
}

/** A driver without sockets: its services can be served, or called directly in virtual time. */
export async function createHostpathDriver(
  wanted: HostpathConfig,
  host: HostpathHost,
  random: Random,
): Promise<HostpathDriver> {
  const config = drawAttachLimit(wanted, random);
  await host.fs.mkdir(config.stateDirectory, { recursive: true, mode: 0o700 });
  const state = await State.load(host.fs, config.stateDirectory);
  const files = new VolumeFiles(host, config.stateDirectory);
  return { config, host, random, state, locks: new OperationLocks(), files };
}

interface Socket {
  readonly endpoint: string;
  readonly services: readonly ServedService[];
  readonly nodeId: string | undefined;
}

function socketsOf(driver: HostpathDriver, options: HostpathOptions): Socket[] {
  const identity = identityService(driver.config);
  const { endpoint, nodeId, nodeEndpoints } = options;
  const sockets: Socket[] = nodeEndpoints.map((node) => ({
    ...node,
    services: [identity, nodeService(driver, node.nodeId)],
  }));
  if (endpoint === undefined) return sockets;
  const node = nodeId === undefined ? [] : [nodeService(driver, nodeId)];
  return [{ endpoint, nodeId, services: [identity, controllerService(driver), ...node] }, ...sockets];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** An Exec whose commands end with the driver: a copy that runs for minutes would keep the process alive. */
function stoppableExec(exec: Exec, stop: AbortSignal): Exec {
  return {
    run: (command, args, options) =>
      exec.run(command, args, { ...options, signal: options.signal ? AbortSignal.any([stop, options.signal]) : stop }),
  };
}

/** Calls back when the parent has closed its end of our standard input, as it does by dying. Disposing stops reading. */
function watchParent(gone: () => void): Disposable {
  // A pipe closes; a socket pair, which node makes for its children, only ends.
  for (const event of ['end', 'close', 'error']) process.stdin.once(event, gone);
  process.stdin.resume();
  return {
    [Symbol.dispose]() {
      // An open standard input would keep the process running.
      process.stdin.destroy();
    },
  };
}

const realWorld: DriverWorld = { clock: realClock, fs: realFs, exec: realExec(realClock), random: realRandom };

/**
 * Serves the driver until the signal aborts, or its parent is gone. Mounts stay: they belong to the volumes in use.
 * Calls `serving` when every socket accepts calls. Throws a UsageError for a bad endpoint or a state directory in use.
 */
export async function runHostpathDriver(
  options: HostpathOptions,
  signal: AbortSignal,
  serving: () => void = () => {},
  world: DriverWorld = realWorld,
): Promise<void> {
  const { clock, fs, random } = world;
  const { stateDirectory } = options.config;
  await fs.mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  await using _lock = await lockStateDirectory(clock, await fs.realpath(stateDirectory));
  const stop = new AbortController();
  const base = { ...world, exec: stoppableExec(world.exec, stop.signal) };
  const host: HostpathHost = { ...base, mounter: createMounter(base), loops: createLoopDevices(base) };
  const driver = await createHostpathDriver(options.config, host, random);
  await using log = options.callLog === undefined ? undefined : await CallLog.open(fs, clock, options.callLog);
  await using servers = new AsyncDisposableStack();
  // Runs last: calls have had their grace to end by then.
  servers.defer(() => stop.abort());
  const start = async ({ endpoint, services, nodeId }: Socket): Promise<CsiServer> => {
    const interceptors: Interceptor[] = [
      ...(log ? [log.interceptor(nodeId)] : []),
      ...(options.delay ? [delayCalls(clock, random, options.delay)] : []),
      nameFullDisk,
    ];
    return servers.use(await serveDriver({ endpoint, services, interceptors, clock, fs }));
  };
  await Promise.all(socketsOf(driver, options).map(start));
  const orphaned = new AbortController();
  using _parent = options.exitWithParent ? watchParent(() => orphaned.abort()) : undefined;
  serving();
  await aborted(AbortSignal.any([signal, orphaned.signal]));
}
