/** The HTTPS endpoint of a role: health for everybody, the rest for whom the API server allows it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { errnoOf, type Logger, messageOf, UsageError } from '../../base/index.ts';
import { AuthUnavailableError, anonymous, type Caller, type DelegatedAuth } from './delegated-auth.ts';
import { componentPage, type Page, type PageSources } from './pages.ts';

export interface ServingKeys {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

export interface ComponentServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Asked for when the first client comes. */
  readonly keys: () => Promise<ServingKeys>;
  /** PEM: whose client certificates are believed; nobody's without. */
  readonly clientCa: string | undefined;
  readonly auth: DelegatedAuth;
  readonly alwaysAllowPaths: readonly string[];
  readonly pages: PageSources;
  readonly logger: Logger;
}

export interface ComponentServer extends AsyncDisposable {
  readonly port: number;
}

const headersTimeoutMs = 20_000;
const requestTimeoutMs = 30_000;
const maxConnections = 500;

/** Throws a UsageError when the address cannot be taken. */
export async function startComponentServer(options: ComponentServerOptions): Promise<ComponentServer> {
  const { host, port, logger } = options;
  let https: Promise<HttpsServer> | undefined;
  const sockets = new Set<Socket>();
  // Making a certificate takes memory and time that a component nobody looks at need not spend.
  const server = createNetServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    https ??= createTlsServer(options);
    https.then(
      (secure) => secure.emit('connection', socket),
      (thrown: unknown) => {
        logger.error('there is no certificate to serve with', { error: messageOf(thrown) });
        socket.destroy();
      },
    );
  });
  server.maxConnections = maxConnections;
  await listening(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const why = errnoOf(cause) === 'EADDRINUSE' ? `${port} is in use` : messageOf(cause);
      reject(new UsageError(`--secure-port: ${why}`, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
}

async function createTlsServer(options: ComponentServerOptions): Promise<HttpsServer> {
  const { certificate, key } = await options.keys();
  const server = createHttpsServer({
    cert: certificate,
    key,
    ...(options.clientCa === undefined ? {} : { ca: options.clientCa }),
    requestCert: options.clientCa !== undefined,
    // Who has no certificate may have a token.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('request', (request, response) => void respond(options, request, response));
  return server;
}

async function respond(options: ComponentServerOptions, request: IncomingMessage, response: ServerResponse) {
  let page: Page;
  try {
    page = await answer(options, request);
  } catch (thrown) {
    options.logger.warn('a request failed', { path: request.url, error: messageOf(thrown) });
    page = refusal(thrown instanceof AuthUnavailableError ? 503 : 500, 'InternalError', 'the request failed');
  }
  response.writeHead(page.status, {
    'Content-Type': page.contentType,
    'Content-Length': Buffer.byteLength(page.text),
    'Cache-Control': 'no-cache, private',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : page.text);
}

async function answer(options: ComponentServerOptions, request: IncomingMessage): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refusal(405, 'MethodNotAllowed', 'only GET is served here');
  const url = new URL(request.url ?? '/', 'https://component');
  const { auth, pages } = options;
  if (!isAllowed(options.alwaysAllowPaths, url.pathname)) {
    const caller = await callerOf(auth, request);
    if (!caller) return refusal(401, 'Unauthorized', 'Unauthorized');
    if (!(await auth.mayGet(caller, url.pathname)))
      return refusal(403, 'Forbidden', `forbidden: User "${caller.user}" cannot get path "${url.pathname}"`);
  }
  return (await componentPage(pages, url)) ?? refusal(404, 'NotFound', `there is no page at ${url.pathname}`);
}

/** A pattern may end with `*`, as upstream's. */
function isAllowed(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => {
    const normal = pattern.startsWith('/') ? pattern : `/${pattern}`;
    return normal.endsWith('*') ? path.startsWith(normal.slice(0, -1)) : path === normal;
  });
}

async function callerOf(auth: DelegatedAuth, { socket, headers }: IncomingMessage): Promise<Caller | undefined> {
  if (socket instanceof TLSSocket && socket.authorized) {
    // Node.js types a repeated part of the name as one text.
    const { CN, O } = (socket.getPeerCertificate().subject ?? {}) as { CN?: string | string[]; O?: string | string[] };
    const user = [CN ?? []].flat()[0];
    if (user) return { user, groups: [...[O ?? []].flat(), 'system:authenticated'] };
  }
  const [scheme, token] = (headers.authorization ?? '').split(' ');
  if (headers.authorization === undefined) return anonymous;
  return scheme?.toLowerCase() === 'bearer' && token ? await auth.callerOfToken(token) : undefined;
}

function refusal(code: number, reason: string, message: string): Page {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  return { status: code, contentType: 'application/json', text: `${JSON.stringify(status)}\n` };
}
