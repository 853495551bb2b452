/**
 * The way to a node's agent: logs, exec, attach and port-forward of a pod are asked of the kubelet that runs it, at
 * the address its node reports. The server speaks with a certificate of its own and believes the kubelet only with
 * one that this server's authority made for that node.
 */
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { checkServerIdentity } from 'node:tls';
import { ApiStatusError, type Node, nodes, type Pod, pods } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { KeyPair } from '../auth/certificate-authority.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { Exchange } from './exchange.ts';
import type { ResourceRoute } from './route.ts';

export interface KubeletProxyOptions {
  readonly reader: ObjectReader;
  /** PEM of the authority that kubelets' certificates come from. */
  readonly authority: string;
  readonly client: () => Promise<KeyPair>;
  readonly clock: Clock;
}

/** A kubelet that does not answer in this time is gone. Streams last as long as they like. */
const connectTimeoutMs = 10_000;
const defaultKubeletPort = 10250;
/** Upstream reads as much of a refusal. */
const refusalLimitCharacters = 2_000;
const addressTypes = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalIP', 'ExternalDNS'];

/** A subresource's path at the kubelet. */
const kubeletPaths: Readonly<Record<string, string>> = {
  log: 'containerLogs',
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
};

/** Query parameters that the kubelet calls otherwise. */
const kubeletParameters: Readonly<Record<string, string>> = {
  stdin: 'input',
  stdout: 'output',
  stderr: 'error',
};

/** Headers of one hop only. What proves the client's identity ends here too. */
const hopHeaders = new Set(['host', 'authorization', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding']);

export function isKubeletPath({ group, plural, subresource, name }: ResourceRoute): boolean {
  const isPod = group === '' && plural === 'pods' && name !== undefined;
  return isPod && subresource !== undefined && Object.hasOwn(kubeletPaths, subresource);
}

export class KubeletProxy {
  readonly #options: KubeletProxyOptions;

  constructor(options: KubeletProxyOptions) {
    this.#options = options;
  }

  /** Answers a plain request, a log, as the kubelet does. */
  async serve(exchange: Exchange, route: ResourceRoute): Promise<void> {
    const { response, signal } = exchange;
    const target = await this.#target(route, exchange.query);
    if (!target) {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      response.end();
      return;
    }
    const answer = await this.#send(target, { signal, headers: { Accept: '*/*' } });
    if (answer.kind === 'upgrade') {
      answer.socket.destroy();
      throw ApiStatusError.of('InternalError', 'the kubelet answered with another protocol');
    }
    const { statusCode = 502, headers } = answer.incoming;
    if (statusCode >= 400) throw await refusalOf(answer.incoming, statusCode);
    const contentType = headers['content-type'];
    response.writeHead(statusCode, contentType ? { 'Content-Type': contentType } : {});
    response.flushHeaders();
    answer.incoming.on('error', () => response.destroy());
    answer.incoming.pipe(response);
    response.on('close', () => answer.incoming.destroy());
  }

  /** Joins the client's connection with the kubelet's, once the kubelet has agreed to the protocol. */
  async upgrade(
    request: IncomingMessage,
    client: Duplex,
    options: { route: ResourceRoute; query: URLSearchParams; head: Buffer },
  ): Promise<void> {
    const target = await this.#target(options.route, options.query);
    if (!target) {
      const { name } = options.route;
      throw ApiStatusError.of('BadRequest', `pod ${name} does not have a host assigned`);
    }
    const closed = new AbortController();
    client.once('close', () => closed.abort());
    const headers = Object.entries(request.headers).filter(([header]) => !hopHeaders.has(header));
    const answer = await this.#send(target, {
      signal: closed.signal,
      headers: Object.fromEntries(headers),
      method: request.method ?? 'GET',
    });
    writeHead(client, answer.incoming);
    if (answer.kind === 'response') {
      // No agreement, no tunnel: the refusal is passed on and that is all.
      answer.incoming.pipe(client);
      return;
    }
    join(client, answer.socket, { fromClient: options.head, fromKubelet: answer.head });
  }

  /** Where the pod's kubelet serves the request; undefined while the pod has no node. */
  async #target(
    { namespace = '', name = '', subresource = '' }: ResourceRoute,
    query: URLSearchParams,
  ): Promise<Target | undefined> {
    const { reader } = this.#options;
    const pod = await reader.get(pods, name, namespace);
    if (!pod) throw ApiStatusError.notFound(pods, name);
    const needsContainer = subresource !== 'portforward';
    const container = needsContainer ? containerOf(pod, query.get('container')) : undefined;
    const nodeName = pod.spec?.nodeName;
    if (!nodeName) return undefined;
    const node = await reader.get(nodes, nodeName);
    if (!node) throw ApiStatusError.notFound(nodes, nodeName);
    const segments = [kubeletPaths[subresource] ?? '', namespace, name, ...(container ? [container] : [])];
    const path = `/${segments.map(encodeURIComponent).join('/')}?${kubeletQuery(query)}`;
    return { ...endpointOf(node), nodeName, path };
  }

  async #send(
    target: Target,
    given: { signal: AbortSignal; headers: Record<string, unknown>; method?: string },
  ): Promise<KubeletAnswer> {
    const { clock, client } = this.#options;
    const { certificate, key } = await client();
    const options: RequestOptions = {
      host: target.host,
      port: target.port,
      path: target.path,
      method: given.method ?? 'GET',
      headers: given.headers as NonNullable<RequestOptions['headers']>,
      ca: this.#options.authority,
      cert: certificate,
      key,
      // A node's address is what the node says it is: its certificate tells whether it is that node.
      checkServerIdentity: (_host, peer) => checkServerIdentity(target.nodeName, peer),
      agent: false,
      signal: given.signal,
    };
    return await new Promise((resolve, reject) => {
      const outgoing = tlsRequest(options);
      const timer = clock.setTimer(connectTimeoutMs, () => outgoing.destroy(new Error('no answer in time')));
      const answered = () => timer[Symbol.dispose]();
      outgoing.on('response', (incoming) => {
        answered();
        resolve({ kind: 'response', incoming });
      });
      outgoing.on('upgrade', (incoming, socket, head) => {
        answered();
        resolve({ kind: 'upgrade', incoming, socket, head });
      });
      outgoing.on('error', (cause) => {
        answered();
        const text = `error dialing backend: dial tcp ${target.host}:${target.port}: ${cause.message}`;
        reject(ApiStatusError.of('InternalError', text, undefined, { cause }));
      });
      outgoing.end();
    });
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly nodeName: string;
}

type KubeletAnswer =
  | { readonly kind: 'response'; readonly incoming: IncomingMessage }
  | { readonly kind: 'upgrade'; readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

/** The container that is meant: a pod with several must be told which. Upstream: registry/core/pod/strategy.go. */
function containerOf(pod: Pod, wanted: string | null): string {
  const { name } = pod.metadata;
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...containers, ...initContainers, ...ephemeralContainers].map((container) => container.name);
  if (wanted) {
    if (all.includes(wanted)) return wanted;
    throw ApiStatusError.of('BadRequest', `container ${wanted} is not valid for pod ${name}`);
  }
  const [only, ...others] = containers;
  if (only && others.length === 0) return only.name;
  const choices = containers.map((container) => container.name).join(' ');
  throw ApiStatusError.of(
    'BadRequest',
    `a container name must be specified for pod ${name}, choose one of: [${choices}]`,
  );
}

function kubeletQuery(query: URLSearchParams): URLSearchParams {
  const translated = new URLSearchParams();
  for (const [name, value] of query) {
    if (name === 'container') continue;
    const kubeletName = Object.hasOwn(kubeletParameters, name) ? kubeletParameters[name] : undefined;
    const isOn = value === 'true' || value === '1';
    if (kubeletName !== undefined || name === 'tty') {
      if (isOn) translated.append(kubeletName ?? name, '1');
    } else {
      translated.append(name, value);
    }
  }
  return translated;
}

/** A kubelet says in plain words why it refuses: the client gets them in a Status. */
async function refusalOf(incoming: IncomingMessage, statusCode: number): Promise<ApiStatusError> {
  let text = '';
  for await (const chunk of incoming) {
    text += chunk;
    if (text.length > refusalLimitCharacters) break;
  }
  const reason = statusCode === 404 ? 'NotFound' : statusCode < 500 ? 'BadRequest' : 'InternalError';
  return ApiStatusError.of(reason, text.slice(0, refusalLimitCharacters).trim());
}

function endpointOf(node: Node): { readonly host: string; readonly port: number } {
  const addresses = node.status?.addresses ?? [];
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? defaultKubeletPort;
  if (port === 0) {
    const text = `the kubelet of node ${node.metadata.name} serves no logs and no exec: it was given no certificate`;
    throw ApiStatusError.of('InternalError', text);
  }
  for (const type of addressTypes) {
    const found = addresses.find((address) => address.type === type);
    if (found) return { host: found.address, port };
  }
  throw ApiStatusError.of('InternalError', `no preferred addresses found for node ${node.metadata.name}`);
}

function writeHead(client: Duplex, { statusCode = 502, statusMessage = '', rawHeaders }: IncomingMessage): void {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    // The body comes decoded, and ends with the connection.
    if (rawHeaders[index]?.toLowerCase() === 'transfer-encoding') continue;
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function join(client: Duplex, kubelet: Duplex, first: { fromClient: Buffer; fromKubelet: Buffer }): void {
  if (first.fromKubelet.length > 0) client.write(first.fromKubelet);
  if (first.fromClient.length > 0) kubelet.write(first.fromClient);
  client.pipe(kubelet);
  kubelet.pipe(client);
  for (const [from, to] of [
    [client, kubelet],
    [kubelet, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
