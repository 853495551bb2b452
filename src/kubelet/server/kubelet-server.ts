/** The node's HTTPS endpoint: logs, exec, attach and port-forward, for the API server, which has authorized the caller. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Pod } from '../../api/index.ts';
import { type Clock, type Fs, type Logger, messageOf } from '../../base/index.ts';
import type { ContainerRecord, ContainerRuntime } from '../runtime/runtime.ts';
import { channelProtocols, connectChannels, exitStatus, finish } from './channels.ts';
import { readLog } from './log-reader.ts';

export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Clients must present a certificate of this authority. */
  readonly ca: string;
}

export interface ContainerQuery {
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** The container's last instance before the present one. */
  readonly previous: boolean;
}

export interface KubeletServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: ServerTls;
  readonly runtime: ContainerRuntime;
  /** The newest instance of a container; undefined when there is none. */
  readonly findContainer: (query: ContainerQuery) => ContainerRecord | undefined;
  /** Where connections to a pod's port go; undefined when there is no such pod. */
  readonly findPodIp: (namespace: string, podName: string) => string | undefined;
  readonly listPods: () => readonly Pod[];
  readonly clock: Clock;
  readonly fs: Fs;
  readonly logger: Logger;
}

export interface KubeletServer extends AsyncDisposable {
  readonly port: number;
}

/** Connections that say nothing are closed; logs and exec may be quiet for hours. */
const headersTimeoutMs = 10_000;

interface Route {
  readonly action: string;
  readonly query: ContainerQuery;
  readonly params: URLSearchParams;
}

function routeOf(request: IncomingMessage): Route | undefined {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, action = '', namespace = '', podName = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  if (!podName) return undefined;
  const previous = url.searchParams.get('previous') === 'true';
  const containerName = rest.at(-1) ?? '';
  return { action, query: { namespace, podName, containerName, previous }, params: url.searchParams };
}

/** A flag under either name: clients of the API server say `stdin=true`, the API server says `input=1`. */
function isSet(params: URLSearchParams, ...names: readonly string[]): boolean {
  return names.some((name) => ['true', '1'].includes(params.get(name) ?? ''));
}

function numberOf(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

class Endpoint {
  readonly #options: KubeletServerOptions;
  constructor(options: KubeletServerOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/healthz') {
      response.end('ok');
      return;
    }
    const route = routeOf(request);
    if (route?.action !== 'containerLogs' || request.method !== 'GET') {
      response.writeHead(404).end('404 page not found\n');
      return;
    }
    const container = this.#options.findContainer(route.query);
    if (!container) {
      const { containerName, podName, previous } = route.query;
      const what = previous
        ? `previous terminated container "${containerName}" in pod "${podName}" not found`
        : `container "${containerName}" in pod "${podName}" is not available`;
      response.writeHead(400).end(what);
      return;
    }
    await this.#sendLog(route.params, container, response);
  }

  async #sendLog(params: URLSearchParams, container: ContainerRecord, response: ServerResponse): Promise<void> {
    const { clock, fs, runtime } = this.#options;
    const stop = new AbortController();
    response.on('close', () => stop.abort());
    let ended = container.state === 'exited';
    using watching = runtime.onChange((record) => {
      if (record.id === container.id && record.state === 'exited') ended = true;
    });
    void watching;
    const sinceTime = params.get('sinceTime');
    const sinceSeconds = numberOf(params, 'sinceSeconds');
    const sinceMs =
      sinceSeconds === undefined ? (sinceTime ? Date.parse(sinceTime) : undefined) : clock.now() - sinceSeconds * 1000;
    const options = {
      follow: isSet(params, 'follow'),
      timestamps: isSet(params, 'timestamps'),
      tailLines: numberOf(params, 'tailLines'),
      limitBytes: numberOf(params, 'limitBytes'),
      sinceMs,
    };
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const source = { fs, clock, path: container.logPath, ended: () => ended };
    for await (const text of readLog(source, options, stop.signal)) {
      if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      if (stop.signal.aborted) return;
    }
    response.end();
  }

  async stream(route: Route, socket: WebSocket): Promise<void> {
    const { runtime } = this.#options;
    const container = this.#options.findContainer(route.query);
    if (!container) {
      finish(socket, {
        status: 'Failure',
        reason: 'NotFound',
        message: `container not found ("${route.query.containerName}")`,
        code: 404,
      });
      return;
    }
    const { params } = route;
    const tty = isSet(params, 'tty');
    const stdin = isSet(params, 'stdin', 'input');
    try {
      const session = await runtime.exec(container.id, { command: params.getAll('command'), stdin, tty });
      socket.on('close', () => session.kill());
      const { stdout, stderr } = session;
      const outputs = connectChannels(socket, {
        stdin: session.stdin,
        stdout,
        stderr: tty ? undefined : stderr,
        resize: (size) => session.resize(size),
      });
      if (tty) stderr.resume();
      const exitCode = await session.exitCode;
      await outputs;
      finish(socket, exitStatus(exitCode));
    } catch (thrown) {
      finish(socket, { status: 'Failure', reason: 'InternalError', message: messageOf(thrown), code: 500 });
    }
  }
}

export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { tls, logger } = options;
  const endpoint = new Endpoint(options);
  const server = createServer({
    ...tls,
    requestCert: true,
    rejectUnauthorized: true,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => channelProtocols.find((name) => offered.has(name)) ?? false,
  });
  server.on('request', (request, response) => {
    endpoint.answer(request, response).catch((error: unknown) => {
      logger.warn('a request failed', { url: request.url, error });
      response.destroy();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const route = routeOf(request);
    if (route?.action !== 'exec') {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => void endpoint.stream(route, webSocket));
  });
  // A client that breaks off the handshake is its own concern.
  server.on('tlsClientError', () => {});
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
