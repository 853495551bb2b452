/**
 * The CSI drivers that have registered with this node and the connections to them. Volume plugins look drivers up
 * here. A driver that is not here is unknown: that says nothing about what it has mounted.
 *
 * Upstream: csi_plugin.go RegistrationHandler, csi_drivers_store.go.
 */
import type { CSIDriver } from '../../api/index.ts';
import { type Clock, type Logger, messageOf, type Timer } from '../../base/index.ts';
import type { Lister } from '../../client/index.ts';
import { type CsiConnection, createCsiClient, Node } from '../../csi/index.ts';
import type { CsiDriverRegistry } from '../../volume-plugins/index.ts';
import { checkNodeInfo, type DriverNodeInfo } from './node-info.ts';
import type { NodeInfoManager } from './node-info-manager.ts';
import type { PluginHandler, PluginRegistration } from './plugin-handler.ts';
import { RegistrationError } from './registration-error.ts';
import { compareVersions, formatVersion, highestSupportedVersion, type SupportedVersion } from './supported-version.ts';

/** Upstream's csiTimeout, for NodeGetInfo. */
const nodeGetInfoTimeoutMs = 120_000;
/** The least nodeAllocatableUpdatePeriodSeconds that is obeyed. */
const leastRefreshSeconds = 10;

interface RegisteredDriver {
  readonly name: string;
  readonly version: SupportedVersion;
  readonly connection: CsiConnection;
  info: DriverNodeInfo | undefined;
  refresh: Timer | undefined;
}

export interface CsiDriversOptions {
  readonly nodeInfo: NodeInfoManager;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connect: (endpoint: string) => CsiConnection;
  /** CSIDriver objects: how often to ask for limits. */
  readonly csiDriverObjects: Lister<CSIDriver>;
}

export class CsiDrivers implements PluginHandler, CsiDriverRegistry, AsyncDisposable {
  readonly #options: CsiDriversOptions;
  readonly #drivers = new Map<string, RegisteredDriver>();
  readonly #listeners = new Set<(driverName: string) => void>();
  readonly #stopping = new AbortController();

  constructor(options: CsiDriversOptions) {
    this.#options = options;
  }

  find(driverName: string): CsiConnection | undefined {
    const driver = this.#drivers.get(driverName);
    return driver?.info ? driver.connection : undefined;
  }

  /** The names of drivers that are in use. */
  names(): readonly string[] {
    return [...this.#drivers.values()].filter(({ info }) => info).map(({ name }) => name);
  }

  /** Called with a driver's name after it came into use or went out of it. */
  onChange(listener: (driverName: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  validate({ name, versions }: PluginRegistration): void {
    this.#checkVersion(name, versions);
  }

  #checkVersion(name: string, versions: readonly string[]): SupportedVersion {
    if (versions.length === 0) {
      throw new RegistrationError(`CSI driver "${name}" failed. Plugin returned an empty list for supported versions`);
    }
    const highest = highestSupportedVersion(versions);
    if (!highest) {
      const list = versions.map((version) => `"${version}"`).join(' ');
      throw new RegistrationError(
        `CSI driver "${name}" failed. None of the versions specified [${list}] are supported`,
      );
    }
    const present = this.#drivers.get(name);
    if (present && compareVersions(present.version, highest) >= 0) {
      throw new RegistrationError(
        `CSI driver "${name}" failed. Another driver with the same name is already registered with a higher supported version: "${formatVersion(present.version)}"`,
      );
    }
    return highest;
  }

  async register(plugin: PluginRegistration, signal: AbortSignal): Promise<void> {
    const { name, endpoint, versions } = plugin;
    const version = this.#checkVersion(name, versions);
    await this.#drop(name);
    const connection = this.#options.connect(endpoint);
    const driver: RegisteredDriver = { name, version, connection, info: undefined, refresh: undefined };
    this.#drivers.set(name, driver);
    try {
      driver.info = await this.#install(driver, signal);
    } catch (thrown) {
      if (this.#drivers.get(name) === driver) this.#drivers.delete(name);
      await connection[Symbol.asyncDispose]();
      throw thrown;
    }
    this.#scheduleRefresh(driver);
    this.#options.logger.info('CSI driver registered', { driver: name, endpoint, nodeId: driver.info.nodeId });
    this.#tell(name);
  }

  async #install({ name, connection }: RegisteredDriver, signal: AbortSignal): Promise<DriverNodeInfo> {
    const client = createCsiClient(Node, connection, { timeoutMs: nodeGetInfoTimeoutMs, signal });
    const info = checkNodeInfo(name, await client.nodeGetInfo({}));
    await this.#options.nodeInfo.install(info, signal);
    return info;
  }

  async deregister(name: string, signal: AbortSignal): Promise<void> {
    if (!this.#drivers.has(name)) return;
    await this.#drop(name);
    this.#options.logger.info('CSI driver deregistered', { driver: name });
    this.#tell(name);
    await this.#options.nodeInfo.uninstall(name, signal);
  }

  /** Writes what is known of every driver again: after the Node or the CSINode was lost. */
  async reinstall(signal: AbortSignal): Promise<void> {
    for (const { info } of this.#drivers.values()) if (info) await this.#options.nodeInfo.install(info, signal);
  }

  /** Asks the driver for its limits anew: an attach was refused for want of room. */
  async refresh(name: string): Promise<void> {
    const driver = this.#drivers.get(name);
    if (!driver?.info) return;
    try {
      driver.info = await this.#install(driver, this.#stopping.signal);
    } catch (thrown) {
      this.#options.logger.warn('limits of a CSI driver could not be read', { driver: name, error: messageOf(thrown) });
    }
  }

  #scheduleRefresh(driver: RegisteredDriver): void {
    if (this.#stopping.signal.aborted || this.#drivers.get(driver.name) !== driver) return;
    const { clock, csiDriverObjects } = this.#options;
    const seconds = csiDriverObjects.get(driver.name)?.spec.nodeAllocatableUpdatePeriodSeconds;
    // Without a period the object is looked at again now and then: it may get one.
    const wanted = seconds !== undefined && seconds >= leastRefreshSeconds;
    driver.refresh = clock.setTimer((wanted ? seconds : leastRefreshSeconds) * 1000, () => {
      const asked = wanted ? this.refresh(driver.name) : Promise.resolve();
      void asked.then(() => this.#scheduleRefresh(driver));
    });
  }

  async #drop(name: string): Promise<void> {
    const driver = this.#drivers.get(name);
    if (!driver) return;
    this.#drivers.delete(name);
    driver.refresh?.[Symbol.dispose]();
    await driver.connection[Symbol.asyncDispose]();
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const name of [...this.#drivers.keys()]) await this.#drop(name);
  }
}
