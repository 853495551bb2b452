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
}

/** Upstream's --timeout of the identity calls. */
const callTimeoutMs = 15_000;

/** A driver that is starting is asked again after this, then less often. */
const firstProbeDelayMs = 20;
const longestProbeDelayMs = 1000;

/** A driver that is silent for longer is worth a line of the log: the socket may be wrong. */
const patienceMs = 5000;

/** Waits, for ever if need be, until the driver answers that it is ready, and asks what it can do. */
export async function connectDriver(options: ConnectOptions): Promise<CsiDriver> {
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
  const controllerCapabilities = plugin.services.has(PluginService.CONTROLLER_SERVICE)
    ? readControllerCapabilities(await controller.controllerGetCapabilities({}))
    : new Set<ControllerCapability>();
  const byController = controllerCapabilities.has(ControllerCapability.EXPAND_VOLUME);
  const onNode = !byController && (await doesNodeExpand(createCsiClient(Node, connection, defaults)));
  const expansion = byController ? 'controller' : onNode ? 'node' : 'none';
  return { name, plugin, controllerCapabilities, controller: oneCallPerVolume(controller), expansion };
}

/** A socket of controllers alone serves no node service, and says so. */
async function doesNodeExpand(node: NodeClient): Promise<boolean> {
  try {
    return readNodeCapabilities(await node.nodeGetCapabilities({})).has(NodeCapability.EXPAND_VOLUME);
  } catch (thrown) {
    if (thrown instanceof CsiError && thrown.code === Code.UNIMPLEMENTED) return false;
    throw thrown;
  }
}
