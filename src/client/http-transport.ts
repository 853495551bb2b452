/**
 * The Transport over HTTP/1.1 to any Kubernetes API server: keep-alive connections, one JSON document per answer, a
 * deadline on every request. Speaks no more than what kube-apiserver documents.
 */
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { type AgentOptions, Agent as TlsAgent, request as tlsRequest } from 'node:https';
import {
  type ApiRequest,
  type ApiResponse,
  ApiStatusError,
  builtInResources,
  type ResourceType,
  type Transport,
  type WatchRequest,
  type WatchStream,
} from '../api/index.ts';
import { type Clock, deepFreeze, messageOf, throwIfAborted, UsageError, withDeadline } from '../base/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { type Answer, collect, contentOfAnswer, parseBody } from './http-answer.ts';
import { contentOf, methods } from './http-content.ts';
import { HttpMetrics } from './http-metrics.ts';
import { errorOf, TransportError } from './http-status.ts';
import { HttpWatchStream } from './http-watch.ts';
import { requestTarget } from './request-path.ts';
import { type BucketOptions, TokenBucket } from './token-bucket.ts';

/** Where a server is and how it is talked to: what a kubeconfig tells. */
export interface ServerConnection {
  /** `https://127.0.0.1:6443`; a path is put before every request's. */
  readonly server: string;
  /** PEM. Without it the system's authorities are trusted. */
  readonly caData?: string;
  /** PEM. */
  readonly clientCertificate?: string;
  /** PEM. */
  readonly clientKey?: string;
  /** Asked before every request. */
  readonly token?: () => Promise<string>;
  /** Called when the server did not believe the token. */
  readonly forgetToken?: () => void;
  /** The name that the certificate must have, when it is not the host's. */
  readonly serverName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** How to get there when not directly: as the environment variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY say it. */
  readonly proxy?: ProxySettings;
}

export interface ProxySettings {
  readonly HTTPS_PROXY?: string;
  readonly HTTP_PROXY?: string;
  readonly NO_PROXY?: string;
}

export interface HttpTransportOptions extends ServerConnection {
  readonly clock: Clock;
  readonly userAgent: string;
  /** Limits the requests of this client; upstream's sidecars use 5 per second after a burst of 10. None by default. */
  readonly rateLimit?: BucketOptions;
  readonly metrics?: MetricsRegistry;
}

/** The server gives up on a request after 60 s; its answer must have the time to arrive. */
const requestTimeoutMs = 65_000;
/** Until the headers of a watch. */
const watchStartTimeoutMs = 30_000;
/** Requests at a time; more wait for a connection. Watches have connections of their own. */
const connectionLimit = 64;
/** Idle connections are closed before servers and firewalls do it. */
const idleTimeoutMs = 50_000;
const keepAliveProbeMs = 15_000;
/** A server that is overloaded names a time to come back at: so often that is done within the request's deadline. */
const overloadRetries = 5;

export interface HttpTransport extends Transport, AsyncDisposable {
  /** GET of a path that is no resource: discovery, version. */
  getDocument(path: string, signal?: AbortSignal): Promise<unknown>;
}

export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  return new HttpCalls(options);
}

class HttpCalls implements HttpTransport {
  readonly #options: HttpTransportOptions;
  readonly #base: URL;
  /** The parts of the base as requests want them: taking an URL apart costs as much as a small request. */
  readonly #target: { readonly host: string; readonly port: number; readonly prefix: string };
  readonly #requestAgent: PlainAgent;
  readonly #watchAgent: PlainAgent;
  readonly #bucket: TokenBucket | undefined;
  readonly #metrics: HttpMetrics | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#base = baseOf(options.server);
    const prefix = this.#base.pathname.replace(/\/+$/, '');
    this.#target = { host: hostOf(this.#base), port: portOf(this.#base), prefix };
    this.#requestAgent = this.#agent({ maxSockets: connectionLimit, timeout: idleTimeoutMs });
    this.#watchAgent = this.#agent({ maxFreeSockets: 0 });
    this.#metrics = options.metrics ? new HttpMetrics(options.metrics, options.clock, this.#base.host) : undefined;
    this.#bucket = options.rateLimit ? new TokenBucket(options.clock, options.rateLimit) : undefined;
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    const { clock } = this.#options;
    const target = requestTarget(request);
    const method = methods[request.verb];
    const deadline = { clock, timeoutMs: requestTimeoutMs, what: `${method} ${target}`, signal: request.signal };
    const answer = await withDeadline(deadline, (signal) => this.#sendUntilTaken(request, target, signal));
    return {
      object: deepFreeze(contentOfAnswer(answer, request)),
      created: answer.code === 201,
      ...(answer.warnings.length > 0 ? { warnings: answer.warnings } : {}),
    };
  }

  async getDocument(path: string, signal?: AbortSignal): Promise<unknown> {
    const { clock } = this.#options;
    const deadline = { clock, timeoutMs: requestTimeoutMs, what: `GET ${path}`, signal };
    // The resource is not looked at where the path is given.
    const request = { verb: 'get', resource: builtInResources[0] as ResourceType, name: '' } as const;
    return parseBody(await withDeadline(deadline, (inner) => this.#sendUntilTaken(request, path, inner)));
  }

  async watch(request: WatchRequest): Promise<WatchStream> {
    const { clock } = this.#options;
    const target = requestTarget(request);
    throwIfAborted(request.signal);
    const deadline = { clock, timeoutMs: watchStartTimeoutMs, what: `GET ${target}`, signal: request.signal };
    const response = await withDeadline(deadline, async (connecting) => {
      await this.#waitForTurn(connecting);
      const sent = await this.#open(request, target, this.#watchAgent);
      // Until the headers the deadline ends the request; from then on only the caller's signal does.
      const abort = () => sent.destroy();
      connecting.addEventListener('abort', abort, { once: true });
      try {
        const opened = await responseOf(sent);
        if (opened.statusCode === 401) this.#options.forgetToken?.();
        if (opened.statusCode !== 200) throw errorOf(await collect(opened));
        return opened;
      } catch (thrown) {
        throwIfAborted(connecting);
        throw thrown instanceof ApiStatusError ? thrown : this.#unreachable(thrown);
      } finally {
        connecting.removeEventListener('abort', abort);
      }
    });
    const { signal } = request;
    if (signal) {
      const end = () => response.destroy();
      signal.addEventListener('abort', end, { once: true });
      response.once('close', () => signal.removeEventListener('abort', end));
    }
    return new HttpWatchStream(response, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#requestAgent.destroy();
    this.#watchAgent.destroy();
  }

  async #sendUntilTaken(request: ApiRequest, target: string, signal: AbortSignal): Promise<Answer> {
    for (let retries = 0; ; retries++) {
      await this.#waitForTurn(signal);
      const answer = await this.#options.clock.boundary(this.#counted(request, target, signal));
      if (answer.code < 400) return answer;
      const waitSeconds = answer.code === 429 ? answer.retryAfterSeconds : undefined;
      if (waitSeconds === undefined || retries >= overloadRetries) throw errorOf(answer);
      this.#metrics?.retried(methods[request.verb], answer.code);
      await this.#options.clock.sleep(waitSeconds * 1000, signal);
    }
  }

  async #counted(request: ApiRequest, target: string, signal: AbortSignal): Promise<Answer> {
    const sentMs = this.#options.clock.monotonic();
    let code: number | '<error>' = '<error>';
    try {
      const answer = await this.#send(request, target, signal);
      code = answer.code;
      if (code === 401) this.#options.forgetToken?.();
      return answer;
    } finally {
      this.#metrics?.answered(methods[request.verb], code, sentMs);
    }
  }

  async #waitForTurn(signal: AbortSignal): Promise<void> {
    const waitMs = this.#bucket?.take() ?? 0;
    if (waitMs > 0) await this.#options.clock.sleep(waitMs, signal);
  }

  async #send(request: ApiRequest, target: string, signal: AbortSignal): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const sent = await this.#open(request, target, this.#requestAgent);
      const abort = () => sent.destroy();
      signal.addEventListener('abort', abort, { once: true });
      try {
        throwIfAborted(signal);
        return await collect(await responseOf(sent));
      } catch (thrown) {
        throwIfAborted(signal);
        // The server closed an idle connection just when it was used again: a read is safe to repeat.
        const reads = methods[request.verb] === 'GET';
        if (!reads || !sent.reusedSocket || tries > connectionLimit) throw this.#unreachable(thrown);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    }
  }

  async #open(request: ApiRequest | WatchRequest, target: string, agent: PlainAgent): Promise<ClientRequest> {
    const { token, userAgent } = this.#options;
    const content = contentOf(request);
    const headers: Record<string, string | number> = { accept: 'application/json', 'user-agent': userAgent };
    if (token) headers.authorization = `Bearer ${await token()}`;
    if (content) {
      headers['content-type'] = content.type;
      headers['content-length'] = Buffer.byteLength(content.body);
    }
    const send = agent instanceof TlsAgent ? tlsRequest : plainRequest;
    const { host, port, prefix } = this.#target;
    const sent = send({
      host,
      port,
      path: prefix + target,
      method: methods[request.verb],
      headers,
      agent,
    });
    sent.end(content?.body);
    return sent;
  }

  #unreachable(cause: unknown): Error {
    if (cause instanceof TransportError) return cause;
    return new TransportError(`cannot reach ${this.#base.origin}: ${messageOf(cause)}`, { cause });
  }

  #agent(options: AgentOptions): PlainAgent {
    const { caData, clientCertificate, clientKey, serverName, insecureSkipTlsVerify, proxy } = this.#options;
    const common = {
      keepAlive: true,
      keepAliveMsecs: keepAliveProbeMs,
      ...options,
      ...(proxy ? { proxyEnv: { ...proxy } } : {}),
    };
    if (this.#base.protocol === 'http:') return new PlainAgent(common);
    return new TlsAgent({
      ...common,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: !insecureSkipTlsVerify,
      ...(caData === undefined ? {} : { ca: caData }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
  }
}

function baseOf(server: string): URL {
  const base = URL.parse(server);
  if (base?.protocol === 'https:' || base?.protocol === 'http:') return base;
  throw new UsageError(`the server must be an http or https URL, not ${JSON.stringify(server)}`);
}

/** Without the brackets that an IPv6 address has in a URL. */
function hostOf(base: URL): string {
  return base.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf(base: URL): number {
  return base.port === '' ? (base.protocol === 'https:' ? 443 : 80) : Number(base.port);
}

function responseOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Stays for the request's life: a broken connection may be told more than once.
    sent.on('error', reject);
    sent.once('response', resolve);
  });
}
