/**
 * The node agent: composes what runs pods and their volumes on one node. It owns everything below its root directory.
 * Started pods outlive it; ended with `stopPods` it stops them and unmounts what it has mounted.
 */
import { join } from 'node:path';
import { nodes, type PersistentVolume, type PersistentVolumeClaim } from '../api/index.ts';
import {
  type Clock,
  type Exec,
  type Fs,
  isAbort,
  type Logger,
  messageOf,
  type Random,
  UsageError,
  withDeadline,
} from '../base/index.ts';
import { type Client, createEventRecorder, type Informer, type InformerFactory } from '../client/index.ts';
import { isWithin, type Mounter } from '../mount/index.ts';
import { type InstalledDrivers, podsDir } from '../volume-plugins/index.ts';
import { findContainer } from './find-container.ts';
import { NodeStatusManager } from './node-status.ts';
import {
  createPluginManager,
  type PluginManager,
  type PluginManagerOptions,
  pluginRegistrationDir,
} from './pluginmanager/plugin-manager.ts';
import type { ProbeNetwork } from './pods/network-action.ts';
import { PodManager } from './pods/pod-manager.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import type { ContainerRuntime } from './runtime/runtime.ts';
import { type KubeletServer, type ServerTls, startKubeletServer } from './server/kubelet-server.ts';
import { createVolumeManager, type NodeVolumeManagerOptions } from './volumemanager/node-volume-manager.ts';
import type { VolumeManager } from './volumemanager/volume-manager.ts';

/** How this machine is reached when it is a simulated one. */
type Simulated = Pick<PluginManagerOptions, 'connect' | 'watch'> & Pick<NodeVolumeManagerOptions, 'bootId'>;

export interface KubeletOptions extends Simulated {
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly rootDir: string;
  readonly client: Client;
  /** Of this agent alone: it is started here. */
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  /** Of the whole cluster, where the agent may watch them: changes of claims are then noticed at once. */
  readonly claims?: { readonly claims: Informer<PersistentVolumeClaim>; readonly volumes: Informer<PersistentVolume> };
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly exec: Exec;
  readonly mounter: Mounter;
  readonly logger: Logger;
  /** The endpoint for logs and exec; a simulated node has none. */
  readonly server?: { readonly host: string; readonly port: number; readonly tls: ServerTls };
  readonly network?: ProbeNetwork;
  /** Without them this node has no FlexVolumes. */
  readonly flexDrivers?: InstalledDrivers;
  /** Whether the attach/detach controller attaches volumes to this node (default) or nobody does. */
  readonly controllerAttachDetach?: boolean;
  /** When it is disposed: stop the pods and unmount everything, or leave them running for the next agent. */
  readonly stopPods: boolean;
}

export interface Kubelet extends AsyncDisposable {
  /** Where CSI drivers register. */
  readonly registrationDir: string;
  readonly volumeManager: VolumeManager;
  readonly pluginManager: PluginManager;
  /** 0 without an endpoint. */
  readonly port: number;
}

/** A unix socket's path may be this long; longer ones are cut silently by the system. */
const longestSocketPathBytes = 107;
const longestSocketBelowRoot = 'plugins_registry/hostpath.csi.k8s.io-reg.sock';

/** Grace that containers get at most when the machine's owner waits for the end. */
const stopGraceMs = 5_000;
/** Volumes are unmounted in a fraction of a second unless a driver or a server hangs. */
const unmountTimeoutMs = 30_000;
const lookAgainMs = 20;

function checkRootDir(rootDir: string): void {
  const excess = Buffer.byteLength(join(rootDir, longestSocketBelowRoot)) - longestSocketPathBytes;
  if (excess > 0)
    throw new UsageError(`--root-dir: ${rootDir} is ${excess} bytes too long for the unix sockets below it`);
}

export async function startKubelet(given: KubeletOptions): Promise<Kubelet> {
  checkRootDir(given.rootDir);
  const { fs, informers, nodeName } = given;
  await fs.mkdir(podsDir(given.rootDir), { recursive: true, mode: 0o750 });
  await fs.mkdir(pluginRegistrationDir(given.rootDir), { recursive: true, mode: 0o750 });
  // The mount table knows paths without links only.
  const options = { ...given, rootDir: await fs.realpath(given.rootDir) };
  const logger = given.logger.with({ node: nodeName });
  await using starting = new AsyncDisposableStack();
  const stop = new AbortController();
  const recorder = starting.use(createEventRecorder({ ...options, logger, component: 'kubelet', host: nodeName }));
  const manager = starting.use(new PodManager({ ...options, logger }));
  const statusChanged = () => nodeStatus.changed();
  const pluginManager = starting.use(createPluginManager({ ...options, logger, onInitialized: statusChanged }));
  const volumeManager = starting.use(
    createVolumeManager({
      ...options,
      logger,
      recorder,
      pods: manager,
      csiDrivers: pluginManager.csiDrivers,
      reportVolumesInUse: statusChanged,
    }),
  );
  const server = options.server ? starting.use(await startServer(options, options.server, manager, logger)) : undefined;
  const port = server?.port ?? 0;
  const nodeStatus = starting.use(startNodeStatus(options, { port, volumeManager, pluginManager, logger }));
  const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
  const nodeAllocatable = () => nodeInformer.get(nodeName)?.status?.allocatable ?? {};
  const workers = starting.use(
    new PodWorkers({ ...options, logger, recorder, volumeManager, manager, nodeAllocatable }),
  );

  const background: Promise<void>[] = [];
  starting.defer(async () => {
    stop.abort();
    await Promise.all(background);
  });
  const run = (what: string, work: () => Promise<void>): void => {
    const running = work().catch((thrown: unknown) => {
      if (!isAbort(thrown)) logger.error(`${what} failed`, { error: messageOf(thrown) });
    });
    background.push(running);
  };
  const { signal } = stop;
  pluginManager.start();
  volumeManager.start();
  informers.start();
  run('reading the pods', async () => {
    await Promise.all([informers.waitForSync(signal), workers.start(signal)]);
    manager.checkSources();
  });
  if (options.stopPods) {
    starting.defer(() => stopPods(options, { workers, manager, volumeManager, logger }));
  }
  const running = starting.move();
  return {
    registrationDir: pluginRegistrationDir(options.rootDir),
    volumeManager,
    pluginManager,
    port,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function startServer(
  options: KubeletOptions,
  server: NonNullable<KubeletOptions['server']>,
  manager: PodManager,
  logger: Logger,
): Promise<KubeletServer> {
  return startKubeletServer({
    ...options,
    ...server,
    logger,
    findContainer: (query) => findContainer(manager, query),
    findPodIp: (namespace, podName) => (manager.findByName(namespace, podName) ? options.nodeIp : undefined),
    listPods: () => manager.list(),
  });
}

function startNodeStatus(
  options: KubeletOptions,
  parts: { port: number; volumeManager: VolumeManager; pluginManager: PluginManager; logger: Logger },
): NodeStatusManager {
  const { volumeManager, pluginManager } = parts;
  const manager = new NodeStatusManager({
    ...options,
    logger: parts.logger,
    kubeletPort: parts.port,
    runtimeVersion: options.runtime.version,
    volumesInUse: () => (volumeManager.reconcilerStatesHasBeenSynced() ? volumeManager.getVolumesInUse() : undefined),
    onReported: (names) => volumeManager.markVolumesAsReportedInUse(names),
    notReadyReason: () => notReadyReason(pluginManager, volumeManager),
  });
  manager.start();
  return manager;
}

/**
 * A Ready node is believed when it lists no volume in use: it must not be Ready before it knows what a run before this
 * one has left mounted. Whoever brings the last of these about has the status written.
 */
function notReadyReason(pluginManager: PluginManager, volumeManager: VolumeManager): string | undefined {
  if (!pluginManager.csiNodeInitialized) return 'CSINode is not yet initialized';
  return volumeManager.reconcilerStatesHasBeenSynced() ? undefined : 'volumes are not yet reconstructed';
}

/**
 * Stops every container and waits until nothing is mounted below the root directory and the drivers have unstaged what
 * they staged: of a raw block volume there may be no mount that tells.
 */
async function stopPods(
  { clock, mounter, rootDir }: KubeletOptions,
  parts: { workers: PodWorkers; manager: PodManager; volumeManager: VolumeManager; logger: Logger },
): Promise<void> {
  const { workers, manager, volumeManager, logger } = parts;
  await workers.stopContainers(stopGraceMs);
  manager.retire();
  const isLeft = async () =>
    volumeManager.holdsVolumes() || (await mounter.listMounts()).some((mount) => isWithin(rootDir, mount.path));
  try {
    await withDeadline({ clock, timeoutMs: unmountTimeoutMs, what: 'unmounting of all volumes' }, async (signal) => {
      while (await isLeft()) await clock.sleep(lookAgainMs, signal);
    });
  } catch (thrown) {
    logger.error('volumes stay mounted', { error: messageOf(thrown) });
  }
}
