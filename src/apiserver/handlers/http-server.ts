/** The listening socket: TLS, limits of time and size for what strangers send, and an end that leaves nothing open. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from '../auth/certificate-authority.ts';
import type { HandlerContext } from './handler-context.ts';
import { handleRequest, handleUpgrade } from './request-handler.ts';

export interface HttpServerOptions {
  readonly context: HandlerContext;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificate: KeyPair;
  /** PEM: whose client certificates are believed. */
  readonly authority: string;
}

export interface HttpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** Idle clients keep their connection: a new handshake costs more than a socket. */
const keepAliveTimeoutMs = 120_000;
/** A client that takes longer to say what it wants is up to no good. */
const headersTimeoutMs = 20_000;
/** Until the whole body is there. Answers take as long as they take. */
const requestTimeoutMs = 30_000;
const handshakeTimeoutMs = 10_000;
const maxHeaderBytes = 32 * 1024;
const maxHeaders = 200;
const maxConnections = 20_000;
/** Accepted and waiting for the event loop. */
const backlog = 1_024;

export async function listen(options: HttpServerOptions): Promise<HttpServer> {
  const { context, certificate, authority } = options;
  const server = createServer({
    cert: certificate.certificate,
    key: certificate.key,
    ca: authority,
    // Clients without a certificate may have a token.
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  });
  server.maxHeadersCount = maxHeaders;
  server.maxConnections = maxConnections;
  // Requests and streams that are under way, so that closing ends them.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  server.on('request', (request, response) => {
    void handleRequest(context, request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    void handleUpgrade(context, request, { socket, head });
  });
  await bound(server, options);
  const { address: host, port } = server.address() as AddressInfo;
  return {
    host,
    port,
    [Symbol.asyncDispose]: () => close(server, sockets),
  };
}

function bound(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
