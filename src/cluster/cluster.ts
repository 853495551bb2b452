/**
 * The composition root: boots the API server, the controllers, the scheduler, the kubelets and the drivers' sidecar
 * roles in this process, in the order of their needs, and ends them in the opposite order.
 */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../api/index.ts';
import { createApiServer, openSqliteStore } from '../apiserver/index.ts';
import { type Clock, DecisionLog, type Logger, type Random, realFs } from '../base/index.ts';
import { type Client, createClient, createEventRecorder, createInformerFactory } from '../client/index.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import { Scheduler } from '../scheduler/index.ts';
import { FlexControllerPlugin } from '../volume-plugins/index.ts';
import { ensureHostpathObjects, ensureSystemObjects, hostpathDriverName } from './bootstrap-objects.ts';
import { loadControllerPlugins } from './controller-plugins.ts';
import { type ControllerSettings, claimProtectionSettings, defaultControllerSettings } from './controller-settings.ts';
import { startControllers } from './controllers.ts';
import { ensureDirectories } from './directories.ts';
import {
  connectToDriver,
  type DriverEnvironment,
  type NodeSocket,
  type SidecarFlags,
  startDriverRoles,
  startRegistrars,
} from './driver-roles.ts';
import { defaultProfile } from './flags/scheduler-config.ts';
import { startFlexDrivers } from './flex-drivers.ts';
import { startHostpathProcess } from './hostpath-process.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { listenForClients } from './listen.ts';
import { issueKubeletCertificate, startNodes } from './nodes.ts';
import type { ClusterOptions } from './options.ts';
import { Parts } from './parts.ts';
import { untilReady } from './ready.ts';
import { decisionPage } from './serving/pages.ts';
import { startSnapshots } from './snapshots.ts';

export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A running cluster. Disposing it stops pods, unmounts everything and keeps the state. */
export interface Cluster extends AsyncDisposable {
  readonly kubeconfig: string;
  readonly server: string;
}

/** Containers get their grace, then everything is unmounted. */
const nodesTimeoutMs = 45_000;

/** What components of this process are allowed to do, until each has a role of its own. */
function componentIdentity(component: string): Identity {
  return { user: `system:${component}`, groups: ['system:masters', 'system:authenticated'] };
}

export async function startCluster(options: ClusterOptions, services: Services, signal: AbortSignal): Promise<Cluster> {
  const { clock, random, logger } = services;
  await using guard = new AsyncDisposableStack();
  const parts = guard.use(new Parts(clock, logger));
  await ensureDirectories(options);

  // The driver takes as long to start as everything else: it goes first.
  const driver = options.defaultDrivers ? await startBundledDriver(options, services, parts) : undefined;
  const told = { metrics: new MetricsRegistry(), decisions: new DecisionLog(clock) };
  options.featureGates.record(told.metrics);
  const pages = { metrics: () => told.metrics.print(), page: (path: string) => decisionPage(told.decisions, path) };
  // The keys are read or made while the store opens.
  const directory = join(options.dataDir, 'store');
  const store = openSqliteStore({ clock, logger, directory }).then((opened) => parts.add('store', opened));
  const server = parts.add(
    'API server',
    await createApiServer({ store, clock, random, logger, dataDir: options.dataDir, pages }),
  );
  const client = (component: string): Client =>
    createClient({ transport: server.transport(componentIdentity(component)), fieldManager: component });
  const admin = client('stowage');
  const [address] = await Promise.all([
    listenForClients(server, options.host, options.port),
    ensureSystemObjects(admin),
    ...(driver ? [ensureHostpathObjects(admin)] : []),
    ...options.nodeNames.map((name) => issueKubeletCertificate(server, name)),
  ]);
  await writeKubeconfig(server, options.kubeconfig);

  const informers = parts.add('informers', createInformerFactory({ client: admin, clock, logger, random }));
  const environment = { clock, random, fs: realFs, logger, hostName: hostname(), client, informers, ...told };
  const { rootCa } = server;
  const flexDrivers = parts.add('FlexVolume drivers', startFlexDrivers(options.volumePluginDir, { clock, logger }));
  const flexPlugin = new FlexControllerPlugin(flexDrivers);
  const settings = controllerSettingsOf(options);
  const plugins = await loadControllerPlugins(settings.binder, { fs: realFs, clock });
  parts.add(
    'controllers',
    startControllers({ clock, random, logger, ...told, informers, client, rootCa, settings, plugins, flexPlugin }),
  );
  parts.add('snapshot controller', startSnapshots(environment));
  const scheduler = parts.add('scheduler', startScheduler(environment, options));
  const nodes = parts.add(
    'nodes',
    await startNodes(options, { clock, random, logger, client, server, informers, flexDrivers }),
    nodesTimeoutMs,
  );
  informers.start();
  await informers.waitForSync(signal);
  scheduler.start();

  const drivers = await startAllDriverRoles(options, environment, driver, nodes.registrationDirs, parts, signal);
  informers.start();
  const classes = driver ? ['standard', 'standard-wait'] : [];
  await untilReady(informers, { nodeNames: options.nodeNames, drivers, classes }, clock, signal);
  // The nodes go first: to unmount they need their drivers, and the API to tell.
  parts.add('nodes', nodes, nodesTimeoutMs);
  const running = guard.move();
  return { kubeconfig: options.kubeconfig, server: address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function controllerSettingsOf({ hostPathProvisioner, featureGates }: ClusterOptions): ControllerSettings {
  const { binder } = defaultControllerSettings;
  return {
    ...defaultControllerSettings,
    binder: { ...binder, hostPathProvisioner },
    claimProtection: claimProtectionSettings(featureGates),
  };
}

interface Told {
  readonly metrics: MetricsRegistry;
  readonly decisions: DecisionLog;
}

function startScheduler(
  { clock, random, logger, informers, client, ...told }: DriverEnvironment & Told,
  { featureGates }: ClusterOptions,
): Scheduler {
  const component = 'default-scheduler';
  const schedulerClient = client('kube-scheduler');
  const recorder = createEventRecorder({ client: schedulerClient, clock, random, component, logger });
  const profiles = [defaultProfile(featureGates)];
  const options = { client: schedulerClient, informers, recorder, clock, profiles, ...told };
  return new Scheduler({ ...options, logger: logger.with({ component }) });
}

interface BundledDriver {
  readonly controllerSocket: string;
  readonly nodeSockets: ReadonlyMap<string, string>;
}

async function startBundledDriver(
  options: ClusterOptions,
  { clock, logger }: Services,
  parts: Parts,
): Promise<BundledDriver> {
  const stateDir = join(options.dataDir, 'hostpath');
  const socketDir = join(options.dataDir, 'csi');
  await Promise.all([stateDir, socketDir].map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
  const nodeSockets = new Map(options.nodeNames.map((node) => [node, join(socketDir, `${node}.sock`)]));
  const controllerSocket = join(socketDir, 'controller.sock');
  const entry = process.argv[1] ?? '';
  const extraArgs = options.driverArgs;
  parts.add(
    'hostpath driver',
    startHostpathProcess({ entry, stateDir, controllerSocket, nodeSockets, extraArgs, clock, logger }),
  );
  return { controllerSocket, nodeSockets };
}

/** Roles for the bundled driver and for every driver that was named. Returns the names of those registered everywhere. */
async function startAllDriverRoles(
  options: ClusterOptions,
  environment: DriverEnvironment,
  bundled: BundledDriver | undefined,
  registrationDirs: ReadonlyMap<string, string>,
  parts: Parts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const drivers: string[] = [];
  const register = (endpoint: string, node: string): NodeSocket[] => {
    const registrationDir = registrationDirs.get(node);
    return registrationDir === undefined ? [] : [{ endpoint, registrationDir }];
  };
  if (bundled) {
    const sockets = [...bundled.nodeSockets].flatMap(([node, path]) => register(path, node));
    await serveDriver(environment, bundled.controllerSocket, sockets, parts, signal);
    drivers.push(hostpathDriverName);
  }
  for (const { socket, node } of options.externalDrivers) {
    const sockets = (node === undefined ? options.nodeNames : [node]).flatMap((name) => register(socket, name));
    const driverName = await serveDriver(environment, socket, sockets, parts, signal);
    if (node === undefined) drivers.push(driverName);
  }
  return drivers;
}

/** There is no pod that could own the objects, and no need of one: they go when the CSIDriver asks for none. */
const upFlags: SidecarFlags = { capacity: { publish: 'asDriverSays' } };

async function serveDriver(
  environment: DriverEnvironment,
  socket: string,
  nodeSockets: readonly NodeSocket[],
  parts: Parts,
  signal: AbortSignal,
): Promise<string> {
  const driver = parts.add(`connection to ${socket}`, await connectToDriver(environment, socket, signal));
  parts.add(`roles of ${socket}`, startDriverRoles(environment, driver, upFlags));
  parts.add(`registration of ${socket}`, await startRegistrars(environment, driver, nodeSockets));
  return driver.name;
}
