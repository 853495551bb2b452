/**
 * Brings each registration socket to its end: asks who it is, hands it to the handler of its type, and tells it the
 * outcome. A socket that is replaced is taken out of use first; one that fails is tried again with a back-off.
 *
 * Upstream: pkg/kubelet/pluginmanager/{reconciler,operationexecutor}.
 */
import { Backoff, type Clock, isAbort, KeyLock, type Logger, messageOf, type Timer } from '../../base/index.ts';
import {
  type CsiConnection,
  createCsiClient,
  type PluginInfo,
  Registration,
  type RegistrationClient,
} from '../../csi/index.ts';
import type { PluginHandler, PluginRegistration } from './plugin-handler.ts';
import { RegistrationError } from './registration-error.ts';
import type { FoundSocket } from './socket-watcher.ts';

/** Dialling and GetInfo together; upstream has 10 s and 1 s. A plugin that has just made its socket may be slow to serve it. */
const getInfoTimeoutMs = 11_000;
const notifyTimeoutMs = 5_000;
const retryBackoff = { initialMs: 500, maxMs: 122_000 };

interface KnownSocket {
  readonly identity: string;
  /** Name and type that it is registered under. */
  registered: { readonly type: string; readonly name: string } | undefined;
  retry: Timer | undefined;
}

export interface SocketRegistrarOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connect: (path: string) => CsiConnection;
  /** By the type that a plugin announces: `CSIPlugin`. */
  readonly handlers: ReadonlyMap<string, PluginHandler>;
}

export class SocketRegistrar implements AsyncDisposable {
  readonly #options: SocketRegistrarOptions;
  readonly #known = new Map<string, KnownSocket>();
  readonly #lock = new KeyLock<string>();
  readonly #backoff = new Backoff<string>(retryBackoff);
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(options: SocketRegistrarOptions) {
    this.#options = options;
  }

  /** The sockets that are there now. */
  update(sockets: ReadonlyMap<string, FoundSocket>): void {
    const paths = new Set([...sockets.keys(), ...this.#known.keys()]);
    for (const path of paths) this.#start(path, sockets.get(path));
  }

  #start(path: string, socket: FoundSocket | undefined): void {
    if (this.#stopping.signal.aborted) return;
    const work = this.#lock.run(path, () => this.#sync(path, socket));
    const running = work.catch((thrown: unknown) => {
      if (isAbort(thrown) || this.#stopping.signal.aborted) return;
      this.#options.logger.warn('plugin registration failed', { socket: path, error: messageOf(thrown) });
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #sync(path: string, socket: FoundSocket | undefined): Promise<void> {
    const known = this.#known.get(path);
    if (known && known.identity === socket?.identity) return;
    if (known) await this.#remove(path, known);
    if (!socket) return;
    const added: KnownSocket = { identity: socket.identity, registered: undefined, retry: undefined };
    this.#known.set(path, added);
    await this.#try(path, added).catch((thrown: unknown) => {
      // The driver may just be starting, behind a socket that its predecessor left. Only a failed retry is a warning.
      this.#options.logger.debug('plugin registration failed, trying again', {
        socket: path,
        error: messageOf(thrown),
      });
    });
  }

  async #remove(path: string, known: KnownSocket): Promise<void> {
    known.retry?.[Symbol.dispose]();
    this.#known.delete(path);
    this.#backoff.forget(path);
    if (!known.registered) return;
    const { type, name } = known.registered;
    known.registered = undefined;
    await this.#options.handlers.get(type)?.deregister(name, this.#stopping.signal);
  }

  async #try(path: string, known: KnownSocket): Promise<void> {
    const { clock } = this.#options;
    try {
      await this.#register(path, known);
      this.#backoff.forget(path);
    } catch (thrown) {
      if (this.#stopping.signal.aborted) return;
      const delayMs = this.#backoff.next(path);
      known.retry = clock.setTimer(delayMs, () => {
        if (this.#known.get(path) === known) this.#retry(path, known);
      });
      throw thrown;
    }
  }

  #retry(path: string, known: KnownSocket): void {
    const work = this.#lock.run(path, async () => {
      if (this.#known.get(path) === known && !known.registered) await this.#try(path, known);
    });
    const running = work.catch((thrown: unknown) => {
      this.#options.logger.warn('plugin registration failed', { socket: path, error: messageOf(thrown) });
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #register(path: string, known: KnownSocket): Promise<void> {
    await using connection = this.#options.connect(path);
    const { signal } = this.#stopping;
    const client = createCsiClient(Registration, connection, { timeoutMs: getInfoTimeoutMs, signal });
    const info = await getInfo(client, path);
    try {
      await this.#accept(path, info, known);
    } catch (thrown) {
      await this.#notify(client, path, messageOf(thrown));
      throw thrown;
    }
    await this.#notify(client, path, undefined);
  }

  async #accept(path: string, info: PluginInfo, known: KnownSocket): Promise<void> {
    const { type, name } = info;
    const handler = this.#options.handlers.get(type);
    if (!handler) {
      throw new RegistrationError(
        `RegisterPlugin error -- no handler registered for plugin type: ${type} at socket ${path}`,
      );
    }
    const endpoint = info.endpoint === '' ? path : info.endpoint;
    const plugin: PluginRegistration = { name, endpoint, versions: info.supportedVersions };
    await wrapped('RegisterPlugin error -- plugin validation failed with err', async () => handler.validate(plugin));
    await wrapped('RegisterPlugin error -- plugin registration failed with err', () =>
      handler.register(plugin, this.#stopping.signal),
    );
    known.registered = { type, name };
  }

  /** A plugin that cannot be told is none the less registered, or not. */
  async #notify(client: RegistrationClient, path: string, error: string | undefined): Promise<void> {
    const status = { pluginRegistered: error === undefined, error: error ?? '' };
    try {
      await client.notifyRegistrationStatus(status, { timeoutMs: notifyTimeoutMs });
    } catch (thrown) {
      const text = messageOf(thrown);
      this.#options.logger.warn('plugin could not be told of its registration', { socket: path, error: text });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const { retry } of this.#known.values()) retry?.[Symbol.dispose]();
    await Promise.all(this.#running);
  }
}

async function getInfo(client: RegistrationClient, path: string): Promise<PluginInfo> {
  return await wrapped(
    `RegisterPlugin error -- failed to get plugin info using RPC GetInfo at socket ${path}, err`,
    () => client.getInfo({}),
  );
}

async function wrapped<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw new RegistrationError(`${what}: ${messageOf(thrown)}`, { cause: thrown });
  }
}
