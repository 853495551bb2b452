/** What a sidecar role knows about the driver it serves: who it is, what it can do, and a way to call it. */
import { type Clock, type Logger, messageOf } from '../../base/index.ts';
import {
  Code,
  Controller,
  ControllerCapability,
  type ControllerClient,
  type CsiConnection,
  CsiError,
  createCsiClient,
  Identity,
  Node,
  NodeCapability,
  type NodeClient,
  type PluginCapabilities,
  PluginService,
  readControllerCapabilities,
  readNodeCapabilities,
  readPluginCapabilities,
} from '../../csi/index.ts';
import { oneCallPerVolume } from './one-call-per-volume.ts';

export interface CsiDriver {
  readonly name: string;
  readonly plugin: PluginCapabilities;
  readonly controllerCapabilities: ReadonlySet<ControllerCapability>;
  /** Calls that concern one volume wait for each other. */
  readonly controller: ControllerClient;
  /** Who grows its volumes: the controller (and perhaps the node after it), the node alone, or nobody. */
  readonly expansion: 'controller' | 'node' | 'none';
}

export interface DriverAtSocket extends CsiDriver {
  /**
   * The driver has a controller service, and not at this socket: that of a node. It can be registered here, and must
   * not be served, as if it had none.
   */
  readonly controllerElsewhere: boolean;
}

/** The driver to those who are not to ask it where volumes are reachable. */
export function withoutTopology(driver: CsiDriver): CsiDriver {
  const services = new Set(driver.plugin.services);
  services.delete(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS);
  return { ...driver, plugin: { ...driver.plugin, services } };
}

export interface ConnectOptions {
  readonly connection: CsiConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Whether the socket of a node service will do. Without, connecting to one fails. */
  readonly nodeSocketWillDo?: boolean;
}

/** Upstream's --timeout of the identity calls. */
const callTimeoutMs = 15_000;

/** A driver that is starting is asked again after this, then less often. */
const firstProbeDelayMs = 20;
const longestProbeDelayMs = 1000;

/** A driver that is silent for longer is worth a line of the log: the socket may be wrong. */
const patienceMs = 5000;

/** Waits, for ever if need be, until the driver answers that it is ready, and asks what it can do. */
export async function connectDriver(options: ConnectOptions): Promise<DriverAtSocket> {
  const { connection, clock, logger, signal } = options;
  const defaults = { timeoutMs: callTimeoutMs, signal };
  const identity = createCsiClient(Identity, connection, defaults);
  let delayMs = firstProbeDelayMs;
  let reason = 'it is not ready';
  using impatience = clock.setTimer(patienceMs, () => {
    logger.warn('the CSI driver does not answer, still waiting for it', { reason });
  });
  void impatience;
  for (;;) {
    try {
      const { ready } = await identity.probe({});
      if (ready !== false) break;
      reason = 'it is not ready';
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      reason = messageOf(thrown);
    }
    await clock.sleep(delayMs, signal);
    delayMs = Math.min(delayMs * 2, longestProbeDelayMs);
  }
  const [{ name }, pluginAnswer] = await Promise.all([identity.getPluginInfo({}), identity.getPluginCapabilities({})]);
  const plugin = readPluginCapabilities(pluginAnswer);
  const controller = createCsiClient(Controller, connection, defaults);
  const found = await findControllerCapabilities(controller, plugin, options.nodeSocketWillDo === true);
  const controllerCapabilities = found ?? new Set<ControllerCapability>();
  const byController = controllerCapabilities.has(ControllerCapability.EXPAND_VOLUME);
  const onNode = !byController && (await doesNodeExpand(createCsiClient(Node, connection, defaults)));
  const expansion = byController ? 'controller' : onNode ? 'node' : 'none';
  return {
    name,
    plugin,
    controllerCapabilities,
    controller: oneCallPerVolume(controller),
    expansion,
    controllerElsewhere: found === undefined,
  };
}

/** Undefined where the plugin says that it has a controller service, and this socket does not serve it. */
async function findControllerCapabilities(
  controller: ControllerClient,
  plugin: PluginCapabilities,
  mayBeElsewhere: boolean,
): Promise<ReadonlySet<ControllerCapability> | undefined> {
  if (!plugin.services.has(PluginService.CONTROLLER_SERVICE)) return new Set();
  try {
    return readControllerCapabilities(await controller.controllerGetCapabilities({}));
  } catch (thrown) {
    if (mayBeElsewhere && isUnimplemented(thrown)) return undefined;
    throw thrown;
  }
}

function isUnimplemented(thrown: unknown): boolean {
  return thrown instanceof CsiError && thrown.code === Code.UNIMPLEMENTED;
}

/** A socket of controllers alone serves no node service, and says so. */
async function doesNodeExpand(node: NodeClient): Promise<boolean> {
  try {
    return readNodeCapabilities(await node.nodeGetCapabilities({})).has(NodeCapability.EXPAND_VOLUME);
  } catch (thrown) {
    if (isUnimplemented(thrown)) return false;
    throw thrown;
  }
}
