/** The sidecar roles of one CSI driver, and its registration with kubelets. */
import type { Clock, Fs, Logger, Random } from '../base/index.ts';
import { type Client, createEventRecorder, type InformerFactory } from '../client/index.ts';
import { type CallReport, connectCsi, createCsiClient, Node } from '../csi/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import {
  type AttacherFlags,
  CallMetrics,
  type CapacityFlags,
  canResize,
  canSnapshot,
  connectDriver,
  type DriverAtSocket,
  type NodeDeployment,
  type ProvisionerFlags,
  type ResizerFlags,
  type SnapshotterFlags,
  startAttacher,
  startCapacity,
  startProvisioner,
  startRegistrar,
  startResizer,
  startSnapshotter,
} from '../sidecars/index.ts';

export interface DriverEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly logger: Logger;
  readonly hostName: string;
  readonly client: (component: string) => Client;
  /** Where the objects that tell of capacity have a rate limit of their own. */
  readonly capacityClient?: Client;
  readonly metrics: MetricsRegistry;
  readonly informers: InformerFactory;
}

/** A socket that kubelets are told of, and the registration directories of those kubelets. */
export interface NodeSocket {
  readonly endpoint: string;
  readonly registrationDir: string;
}

/** What an operator has set; the rest is as upstream has it. */
export interface SidecarFlags {
  /** undefined: no capacity is published. */
  readonly capacity?: Partial<CapacityFlags>;
  readonly provisioner?: Partial<ProvisionerFlags>;
  readonly attacher?: Partial<AttacherFlags>;
  readonly resizer?: Partial<ResizerFlags>;
  readonly snapshotter?: Partial<SnapshotterFlags>;
  /** For the node of the driver alone; undefined: for the whole cluster. */
  readonly nodeDeployment?: Omit<NodeDeployment, 'segments'>;
  /** The namespace of the roles, where they keep what is their own. */
  readonly namespace?: string;
}

export interface ConnectedDriver extends DriverAtSocket, AsyncDisposable {
  /** Where the driver of the socket says that it is: the segment of its node. */
  readSegments(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}

const nodeInfoTimeoutMs = 10_000;

/** Resolves when the driver answers at its controller socket and has said what it can do. */
export async function connectToDriver(
  { clock, logger, metrics }: Pick<DriverEnvironment, 'clock' | 'logger' | 'metrics'>,
  controllerSocket: string,
  signal: AbortSignal,
  { nodeSocketWillDo = false } = {},
): Promise<ConnectedDriver> {
  await using starting = new AsyncDisposableStack();
  const calls = new CallMetrics(metrics);
  const onCall = (report: CallReport) => calls.ended(report);
  const connection = starting.use(connectCsi({ path: controllerSocket, clock, onCall }));
  const driver = await connectDriver({
    connection,
    clock,
    logger: logger.with({ socket: controllerSocket }),
    signal,
    nodeSocketWillDo,
  });
  calls.driverName = driver.name;
  const running = starting.move();
  const node = createCsiClient(Node, connection, { timeoutMs: nodeInfoTimeoutMs });
  return {
    ...driver,
    readSegments: async (asking) => {
      const { accessibleTopology } = await node.nodeGetInfo({}, { signal: asking });
      return accessibleTopology?.segments ?? {};
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The flags with what the driver says of its node, where the roles are for that node alone. */
export async function flagsOnNode(
  flags: SidecarFlags,
  driver: ConnectedDriver,
  signal: AbortSignal,
): Promise<SidecarFlags> {
  const { nodeDeployment, capacity, provisioner } = flags;
  if (!nodeDeployment) return flags;
  const segments = await driver.readSegments(signal);
  const node = { name: nodeDeployment.nodeName, segment: segments };
  return {
    ...flags,
    provisioner: { ...provisioner, nodeDeployment: { ...nodeDeployment, segments } },
    ...(capacity ? { capacity: { ...capacity, node } } : {}),
  };
}

/** Starts every role that the driver's capabilities allow; the informers that they ask for still have to be started. */
export function startDriverRoles(
  environment: DriverEnvironment,
  driver: ConnectedDriver,
  flags: SidecarFlags = {},
): AsyncDisposable {
  const { clock, random, informers, metrics } = environment;
  const stack = new AsyncDisposableStack();
  const logger = environment.logger.with({ driver: driver.name });
  const withRecorder = (name: string, component = `${name} ${driver.name}`) => {
    const client = environment.client(name);
    const recorder = stack.use(createEventRecorder({ client, clock, random, component, logger }));
    return { client, informers, recorder, driver, clock, logger, metrics };
  };
  if (canSnapshot(driver))
    stack.use(startSnapshotter({ ...withRecorder('csi-snapshotter'), flags: flags.snapshotter ?? {} }));
  const provisioning = withRecorder('external-provisioner', `${driver.name}_${environment.hostName}_${random.uuid()}`);
  const capacity = flags.capacity && stack.use(startPublication(environment, driver, flags.capacity));
  const refresher = capacity ? { capacity } : {};
  const own = flags.namespace === undefined ? {} : { namespace: flags.namespace };
  stack.use(startProvisioner({ ...provisioning, random, ...refresher, ...own, flags: flags.provisioner ?? {} }));
  // The sidecars of several nodes would all attach and grow the same volume.
  if (flags.nodeDeployment) return stack;
  const attaching = environment.client('external-attacher');
  stack.use(
    startAttacher({ client: attaching, informers, driver, clock, logger, metrics, flags: flags.attacher ?? {} }),
  );
  if (canResize(driver)) stack.use(startResizer({ ...withRecorder('external-resizer'), flags: flags.resizer ?? {} }));
  return stack;
}

function startPublication(environment: DriverEnvironment, driver: ConnectedDriver, flags: Partial<CapacityFlags>) {
  const { clock, informers, metrics, logger } = environment;
  const client = environment.capacityClient ?? environment.client('external-provisioner');
  return startCapacity({
    client,
    informers,
    driver,
    clock,
    metrics,
    logger: logger.with({ driver: driver.name }),
    flags,
  });
}

/** Tells the kubelets of the driver. */
export async function startRegistrars(
  { clock, fs, logger }: Pick<DriverEnvironment, 'clock' | 'fs' | 'logger'>,
  { name: driverName }: ConnectedDriver,
  nodeSockets: readonly NodeSocket[],
): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  for (const { endpoint, registrationDir } of nodeSockets) {
    const onRefused = (reason: string) => logger.error('kubelet refused the driver', { driver: driverName, reason });
    starting.use(await startRegistrar({ driverName, endpoint, registrationDir, logger, clock, fs, onRefused }));
  }
  return starting.move();
}
