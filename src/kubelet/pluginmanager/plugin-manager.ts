/**
 * Takes CSI drivers into use on this node: watches the registration directory, registers what appears in it, and
 * keeps Node and CSINode in step. The volume manager looks drivers up in `csiDrivers`.
 */
import { join } from 'node:path';
import { type CSIDriver, csiDrivers, nodes } from '../../api/index.ts';
import {
  type Clock,
  type Fs,
  isAbort,
  type Logger,
  messageOf,
  type Random,
  type WatchDirectory,
} from '../../base/index.ts';
import type { Client, Informer, InformerFactory } from '../../client/index.ts';
import { type CallObserver, type CsiConnection, connectCsi } from '../../csi/index.ts';
import { CsiDrivers } from './csi-drivers.ts';
import { NodeInfoManager } from './node-info-manager.ts';
import type { PluginHandler } from './plugin-handler.ts';
import { SocketRegistrar } from './socket-registrar.ts';
import { SocketWatcher } from './socket-watcher.ts';

/** Between tries to make the CSINode; the Node appears within moments of the agent's start. */
const initializeRetryMs = 500;
/**
 * Between looks at what is written of the drivers, and half as much again at random, so that the nodes of a cluster do
 * not ask at once. A node may read its CSINode, but the node authorizer lets it watch none.
 */
const compareMs = 60_000;

export interface PluginManagerOptions {
  readonly nodeName: string;
  readonly rootDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly logger: Logger;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly onCall?: CallObserver;
  readonly connect?: (path: string) => CsiConnection;
  readonly watch?: WatchDirectory;
  /** Called when `csiNodeInitialized` has become true. */
  readonly onInitialized?: () => void;
}

export interface PluginManager extends AsyncDisposable {
  readonly csiDrivers: CsiDrivers;
  /** The node is not Ready before this is true: `CSINode is not yet initialized`. */
  readonly csiNodeInitialized: boolean;
  start(): void;
  /** Looks at the registration directory now. */
  look(): Promise<void>;
}

export function pluginRegistrationDir(rootDir: string): string {
  return join(rootDir, 'plugins_registry');
}

export function createPluginManager(options: PluginManagerOptions): PluginManager {
  return new NodePluginManager(options);
}

class NodePluginManager implements PluginManager {
  readonly csiDrivers: CsiDrivers;
  readonly #options: PluginManagerOptions;
  readonly #nodeInfo: NodeInfoManager;
  readonly #registrar: SocketRegistrar;
  readonly #watcher: SocketWatcher;
  readonly #subscriptions = new DisposableStack();
  readonly #stopping = new AbortController();
  #initialized = false;
  #running: Promise<void> = Promise.resolve();
  #comparing: Promise<void> = Promise.resolve();

  constructor(options: PluginManagerOptions) {
    this.#options = options;
    const { clock, logger, fs, rootDir, informers, onCall } = options;
    const connect = options.connect ?? ((path: string) => connectCsi({ path, clock, ...(onCall ? { onCall } : {}) }));
    this.#nodeInfo = new NodeInfoManager(options);
    const csiDriverObjects: Informer<CSIDriver> = informers.informer(csiDrivers);
    this.csiDrivers = new CsiDrivers({ nodeInfo: this.#nodeInfo, clock, logger, connect, csiDriverObjects });
    const handlers = new Map<string, PluginHandler>([['CSIPlugin', this.csiDrivers]]);
    this.#registrar = new SocketRegistrar({ clock, logger, connect, handlers });
    this.#watcher = new SocketWatcher({
      dir: pluginRegistrationDir(rootDir),
      fs,
      clock,
      logger,
      ...(options.watch ? { watch: options.watch } : {}),
      changed: (sockets) => this.#registrar.update(sockets),
    });
    this.#watchNode();
  }

  /** The Node may be deleted and come back with another uid: then everything is written anew. */
  #watchNode(): void {
    const { informers, nodeName } = this.#options;
    const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
    this.#subscriptions.use(
      nodeInformer.addHandler({ onAdd: (_, inInitialList) => !inInitialList && this.#rewrite() }),
    );
  }

  /** What others deleted is written again; nothing is written while all is there. */
  async #compare(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopping;
    try {
      for (;;) {
        await clock.sleep(compareMs * (1 + random.next() / 2), signal);
        this.#rewrite();
        await this.#running;
      }
    } catch (thrown) {
      if (!isAbort(thrown)) throw thrown;
    }
  }

  get csiNodeInitialized(): boolean {
    return this.#initialized;
  }

  start(): void {
    this.#running = Promise.all([this.#initialize(), this.#watcher.start()]).then(
      () => {},
      (thrown: unknown) => {
        if (isAbort(thrown)) return;
        this.#options.logger.error('plugin manager could not start', { error: messageOf(thrown) });
      },
    );
    this.#comparing = this.#compare();
  }

  async look(): Promise<void> {
    await this.#watcher.look();
  }

  async #initialize(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#nodeInfo.initialize(signal);
        this.#initialized = true;
        this.#options.onInitialized?.();
        return;
      } catch (thrown) {
        logger.debug('CSINode is not yet initialized', { error: messageOf(thrown) });
      }
      await clock.sleep(initializeRetryMs, signal);
    }
  }

  #rewrite(): void {
    if (!this.#initialized || this.#stopping.signal.aborted) return;
    const { logger } = this.#options;
    const { signal } = this.#stopping;
    const work = async () => {
      await this.#nodeInfo.initialize(signal);
      await this.csiDrivers.reinstall(signal);
    };
    const before = this.#running;
    this.#running = before
      .then(work)
      .catch((thrown: unknown) => logger.warn('CSINode could not be written anew', { error: messageOf(thrown) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#subscriptions.dispose();
    this.#watcher[Symbol.dispose]();
    await this.#comparing;
    await this.#running;
    await this.#registrar[Symbol.asyncDispose]();
    await this.csiDrivers[Symbol.asyncDispose]();
  }
}
