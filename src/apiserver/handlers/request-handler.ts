/** Serves one HTTP request from its first line to its answer. Whatever goes wrong becomes a Status; nothing escapes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiStatusError, type Identity } from '../../api/index.ts';
import { isAbort } from '../../base/index.ts';
import { type AccessAttributes, forbiddenAccess } from '../auth/authorizer.ts';
import { streamedSubresources } from '../discovery/served-resources.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Exchange } from './exchange.ts';
import type { HandlerContext } from './handler-context.ts';
import { impersonated, isImpersonating } from './impersonation.ts';
import { isKubeletPath } from './kubelet-proxy.ts';
import { notAllowed, serveResource } from './resource-handler.ts';
import { respondError, statusBody } from './respond.ts';
import { notFound, type ResourceRoute, resourceRoute, segmentsOf } from './route.ts';
import { isPublicPath } from './system-paths.ts';

/** What a refusal looks like to the client; faults of our own are logged and told in general terms. */
function errorOf(context: HandlerContext, request: IncomingMessage, thrown: unknown): ApiStatusError {
  if (thrown instanceof ApiStatusError) return thrown;
  if (thrown instanceof StoreUnavailable) return ApiStatusError.of('ServiceUnavailable', thrown.message);
  if (isAbort(thrown)) return ApiStatusError.of('Timeout', 'the request was given up by its sender');
  const path = request.url?.split('?')[0];
  context.logger.error('a request failed', { method: request.method, path, error: thrown });
  return ApiStatusError.of('InternalError', 'an error on the server has prevented the request from succeeding');
}

interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly segments: readonly string[];
}

function addressOf({ url = '/' }: IncomingMessage): Address {
  if (!url.startsWith('/')) throw ApiStatusError.of('BadRequest', 'the path of a request starts with a slash');
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  return {
    path,
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    segments: path === '/' ? [] : segmentsOf(path),
  };
}

async function identify({ authenticator, authorizer }: HandlerContext, request: IncomingMessage): Promise<Identity> {
  const sender = await authenticator.authenticate(request);
  return isImpersonating(request) ? await impersonated(authorizer, sender, request) : sender;
}

export async function handleRequest(
  context: HandlerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const closed = new AbortController();
  response.on('close', () => {
    // Nearly always everything has been said by then, and nobody listens: aborting costs.
    if (!response.writableFinished) closed.abort();
  });
  let route: ResourceRoute | undefined;
  try {
    const { path, query, segments } = addressOf(request);
    const identity = await identify(context, request);
    route = resourceRoute(segments);
    const exchange: Exchange = { request, response, identity, path, query, signal: closed.signal };
    await serve(context, exchange, segments, route);
  } catch (thrown) {
    if (response.headersSent) response.destroy();
    else respondError(response, errorOf(context, request, thrown));
  }
  context.metrics.count(request, route, response.statusCode);
  // What is left of a body nobody wanted must not stay in the connection.
  if (!request.complete) request.resume();
}

async function serve(
  context: HandlerContext,
  exchange: Exchange,
  segments: readonly string[],
  route: ResourceRoute | undefined,
): Promise<void> {
  if (!route) {
    await authorizePath(context, exchange, segments);
    if (exchange.request.method !== 'GET') throw notAllowed();
    await context.systemPaths.serve(exchange, segments);
  } else if (isKubeletPath(route)) {
    await authorizeStream(context, exchange.identity, route, exchange.request);
    if (route.subresource !== 'log' || exchange.request.method !== 'GET') {
      throw ApiStatusError.of('BadRequest', 'Upgrade request required');
    }
    await context.kubelets.serve(exchange, route);
  } else {
    await serveResource(context, exchange, route);
  }
}

async function authorizePath(
  { authorizer }: HandlerContext,
  { identity, path, request }: Exchange,
  segments: readonly string[],
): Promise<void> {
  if (isPublicPath(segments)) return;
  const verb = (request.method ?? 'GET').toLowerCase();
  const { allowed, reason } = await authorizer.authorizePath(identity, { verb, path });
  if (allowed) return;
  const detail = `User "${identity.user}" cannot ${verb} path "${path}"`;
  throw ApiStatusError.of('Forbidden', `forbidden: ${reason ? `${detail}: ${reason}` : detail}`);
}

/** Whoever gets into a container does more than read: a stream needs `create`, however it is asked for. */
async function authorizeStream(
  { authorizer }: HandlerContext,
  identity: Identity,
  route: ResourceRoute,
  request: IncomingMessage,
): Promise<void> {
  if (route.namespace === undefined) throw notFound();
  const { group, version, plural, namespace, name, subresource } = route;
  const isLog = subresource === 'log';
  const verb = isLog ? (request.method ?? 'GET').toLowerCase() : 'create';
  const attributes: AccessAttributes = { verb, group, version, resource: plural, subresource, namespace, name };
  const { allowed, reason } = await authorizer.authorize(identity, attributes);
  if (!allowed) throw forbiddenAccess(identity, attributes, reason);
}

const upgradable = new Set(streamedSubresources.pods?.map(({ name }) => name).filter((name) => name !== 'log'));

/** A request to leave HTTP: only streams to a kubelet may, on their own paths. */
export async function handleUpgrade(
  context: HandlerContext,
  request: IncomingMessage,
  connection: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const { socket, head } = connection;
  socket.on('error', () => socket.destroy());
  try {
    const { query, segments } = addressOf(request);
    const identity = await identify(context, request);
    const route = resourceRoute(segments);
    if (!route) throw notFound();
    const isStream = isKubeletPath(route) && upgradable.has(route.subresource ?? '');
    if (!isStream || (request.method !== 'GET' && request.method !== 'POST')) {
      throw ApiStatusError.of('BadRequest', 'this path does not upgrade to another protocol');
    }
    await authorizeStream(context, identity, route, request);
    await context.kubelets.upgrade(request, socket, { route, query, head });
  } catch (thrown) {
    const error = errorOf(context, request, thrown);
    const body = `${JSON.stringify(statusBody(error.status))}\n`;
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
    socket.end(`HTTP/1.1 ${error.code} ${error.reason}\r\n${headers}\r\n\r\n${body}`);
  }
}
