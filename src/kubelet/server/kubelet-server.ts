/** The node's HTTPS endpoint: logs, exec, attach and port-forward, for the API server, which has authorized the caller. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../../base/index.ts';
import { callerOf, forbiddenText, mayUseEndpoint } from './caller.ts';
import { channelProtocols } from './channels.ts';
import { serveLog } from './log-endpoint.ts';
import { servePortChannels, servePortForward, serveTunnel, tunnelProtocol } from './port-forward.ts';
import { streamProtocols } from './remote-streams.ts';
import { type Route, routeOf } from './routes.ts';
import type { KubeletServerOptions } from './server-options.ts';
import { serveStreams, serveWebSocket } from './stream-endpoint.ts';

export type { ContainerQuery } from './routes.ts';
export type { KubeletServerOptions, ServerTls } from './server-options.ts';

export interface KubeletServer extends AsyncDisposable {
  readonly port: number;
}

/** Connections that say nothing are closed; logs and exec may be quiet for hours. */
const headersTimeoutMs = 10_000;
const portForwardProtocol = 'portforward.k8s.io';
const spdy = 'SPDY/3.1';

async function answer(options: KubeletServerOptions, request: IncomingMessage, response: ServerResponse) {
  if (request.url === '/healthz') {
    response.end('ok');
    return;
  }
  const caller = callerOf(request);
  if (!mayUseEndpoint(caller)) {
    response.writeHead(403).end(forbiddenText(caller));
    return;
  }
  if (request.url === '/pods') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: options.listPods() }));
    return;
  }
  const route = routeOf(request);
  if (route?.action === 'containerLogs' && request.method === 'GET') await serveLog(options, route, response);
  else response.writeHead(404).end('404 page not found\n');
}

async function serveSocket(options: KubeletServerOptions, route: Route, socket: WebSocket): Promise<void> {
  if (route.action !== 'portForward') return await serveWebSocket(options, route, socket);
  const podIp = options.findPodIp(route.query.namespace, route.query.podName) ?? '';
  const target = { podIp, logger: options.logger };
  if (socket.protocol === tunnelProtocol) await serveTunnel(socket, target);
  else await servePortChannels(socket, route.params.getAll('ports'), target);
}

async function serveSpdyUpgrade(
  options: KubeletServerOptions,
  route: Route,
  request: IncomingMessage,
  transport: Duplex,
): Promise<void> {
  const isForward = route.action === 'portForward';
  const offered = (request.headersDistinct['x-stream-protocol-version'] ?? []).flatMap((text) => text.split(/, */));
  const known = isForward ? [portForwardProtocol] : streamProtocols;
  const protocol = known.find((name) => offered.includes(name));
  if (protocol === undefined) {
    refuse(transport, '403 Forbidden');
    return;
  }
  const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${spdy}`];
  transport.write([...head, `X-Stream-Protocol-Version: ${protocol}`, '', ''].join('\r\n'));
  if (!isForward) return await serveStreams(options, route, transport);
  const podIp = options.findPodIp(route.query.namespace, route.query.podName) ?? '';
  await servePortForward(transport, { podIp, logger: options.logger });
}

function refuse(transport: Duplex, status: string): void {
  transport.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { tls, logger } = options;
  const server = createServer({
    ...tls,
    requestCert: true,
    rejectUnauthorized: true,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) =>
      [...channelProtocols, tunnelProtocol, portForwardProtocol].find((name) => offered.has(name)) ?? false,
  });
  const upgraded = new Set<Duplex>();
  const note = (url: string | undefined) => (error: unknown) =>
    logger.warn('a request failed', { url: url?.split('?')[0], error: messageOf(error) });

  server.on('request', (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      note(request.url)(error);
      response.destroy();
    });
  });
  server.on('upgrade', (request: IncomingMessage, transport: Duplex, head: Buffer) => {
    const route = routeOf(request);
    transport.on('error', () => {});
    if (!mayUseEndpoint(callerOf(request))) {
      refuse(transport, '403 Forbidden');
      return;
    }
    if (!route || !['exec', 'attach', 'portForward'].includes(route.action)) {
      refuse(transport, '404 Not Found');
      return;
    }
    upgraded.add(transport);
    transport.on('close', () => upgraded.delete(transport));
    if (request.headers.upgrade?.toLowerCase() === spdy.toLowerCase()) {
      if (head.length > 0) transport.unshift(head);
      serveSpdyUpgrade(options, route, request, transport).catch(note(request.url));
      return;
    }
    sockets.handleUpgrade(request, transport, head, (socket) => {
      socket.on('error', () => {});
      serveSocket(options, route, socket).catch(note(request.url));
    });
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
      for (const transport of upgraded) transport.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
