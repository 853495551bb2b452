/**
 * The API server of one process: wires the registry, admission, authorization and the store into a pipeline, hands
 * out transports into it, and serves it over HTTPS when asked to listen.
 */
import { dirname, join } from 'node:path';
import { builtInResources, type Identity, type ResourceType, type Transport } from '../api/index.ts';
import {
  assert,
  type Clock,
  type Fs,
  ifExists,
  type Logger,
  type Random,
  realFs,
  writeFileDurably,
} from '../base/index.ts';
import { AdmissionChain, type AdmissionPlugin } from './admission/admission.ts';
import { defaultPlugins } from './admission/default-plugins.ts';
import { Authenticator, type StaticToken } from './auth/authenticator.ts';
import type { Authorizer } from './auth/authorizer.ts';
import { ensureBootstrapPolicy } from './auth/bootstrap-policy.ts';
import type { CertificateRequest, KeyPair } from './auth/certificate-authority.ts';
import { kubeconfigText } from './auth/kubeconfig.ts';
import { createTokenKey, Pki } from './auth/pki.ts';
import { RbacAuthorizer } from './auth/rbac.ts';
import { ServiceAccountTokens } from './auth/service-account-tokens.ts';
import { EventExpiry } from './event-expiry.ts';
import type { HandlerContext } from './handlers/handler-context.ts';
import { type HttpServer, listen } from './handlers/http-server.ts';
import { KubeletProxy } from './handlers/kubelet-proxy.ts';
import { RequestMetrics } from './handlers/request-metrics.ts';
import { SystemPaths } from './handlers/system-paths.ts';
import type { ServerContext } from './pipeline/context.ts';
import { ObjectReader } from './registry/object-reader.ts';
import { createRegistry } from './registry/strategies.ts';
import { RequestPipeline } from './request-pipeline.ts';
import type { Store } from './store/store.ts';
import { builtInSubresources } from './subresources/built-in.ts';
import { reviewHandlers } from './subresources/reviews.ts';
import { Watches } from './watch/watches.ts';

export interface ApiServerOptions {
  /** A promise lets the keys be read while the store opens. */
  readonly store: Store | Promise<Store>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where keys and certificates are kept. Needed to listen; without it tokens do not outlive the process. */
  readonly dataDir?: string;
  readonly fs?: Fs;
  /** The kinds to serve; all built-in ones when left out. */
  readonly resources?: readonly ResourceType[];
  /** RBAC when left out. */
  readonly authorizer?: Authorizer;
  readonly staticTokens?: readonly StaticToken[];
  /** Run after the built-in plugins. */
  readonly plugins?: readonly AdmissionPlugin[];
  /** More pages for those whom the authorizer lets: what the components of the same process tell about themselves. */
  readonly pages?: ComponentPages;
  /** Whether pods are given their service account's token. True when left out. */
  readonly mountServiceAccountTokens?: boolean;
}

export interface ComponentPages {
  /** Added to /metrics. */
  readonly metrics: () => Promise<string>;
  /** The page at a path of no resource, or undefined. */
  readonly page: (
    path: string,
  ) => { readonly status: number; readonly contentType: string; readonly text: string } | undefined;
}

export interface ListenOptions {
  /** An address of this machine; `0.0.0.0` for all. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** More names and addresses that clients reach the server by. */
  readonly hosts?: readonly string[];
}

export interface ApiServer extends AsyncDisposable {
  /** The way in for components of this process. Everything that HTTP clients get, without the text. */
  transport(identity: Identity): Transport;
  /** Serves HTTPS. Rejects when the address cannot be bound. */
  listen(options: ListenOptions): Promise<{ readonly address: string; readonly port: number }>;
  /** Writes a kubeconfig with an administrator's certificate for the address that is listened on. */
  writeKubeconfig(path: string): Promise<void>;
  /** PEM of the authority that signed everything; empty without a data directory. */
  readonly rootCa: string;
  /** A certificate from the server's authority, kept under the name in the data directory. */
  issueCertificate(name: string, request: CertificateRequest): Promise<KeyPair>;
}

/** The version of Kubernetes whose API this is. */
export const apiVersion = 'v1.36.0+stowage';

const continueKeyBytes = 32;
const localHosts = ['localhost', '127.0.0.1', '::1'];
const serviceHosts = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];
const administrator = 'stowage-admin';

/** Does not own the store: who opened it closes it, after the server. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, random, dataDir, fs = realFs } = options;
  const opening = dataDir === undefined ? undefined : Pki.open({ fs, clock, random, directory: join(dataDir, 'pki') });
  const [store, pki] = await Promise.all([options.store, opening]);
  const reader = new ObjectReader(store);
  if (!options.authorizer) await ensureBootstrapPolicy({ store, clock, random });
  const rbac = options.authorizer ? undefined : await RbacAuthorizer.start(store, reader);
  const authorizer = options.authorizer ?? rbac;
  assert(authorizer, 'a server without an authorizer');
  const eventExpiry = await EventExpiry.start({ store, clock, logger: options.logger });
  return new Server({ options, store, pki, reader, authorizer, rbac, eventExpiry });
}

interface ServerParts {
  readonly options: ApiServerOptions;
  readonly store: Store;
  readonly pki: Pki | undefined;
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
  /** Undefined when the options brought an authorizer. */
  readonly rbac: RbacAuthorizer | undefined;
  readonly eventExpiry: EventExpiry;
}

class Server implements ApiServer {
  readonly #parts: ServerParts;
  readonly #tokens: ServiceAccountTokens;
  readonly #context: ServerContext;
  readonly #watches: Watches;
  readonly #pipeline: RequestPipeline;
  #http: HttpServer | undefined;
  #address = '';

  constructor(parts: ServerParts) {
    const { options, store, pki, reader, authorizer, rbac } = parts;
    const { clock, random, logger } = options;
    this.#parts = parts;
    this.#tokens = new ServiceAccountTokens({ key: pki?.tokenKey ?? createTokenKey(), clock, random, reader });
    const mountServiceAccountTokens = options.mountServiceAccountTokens ?? true;
    const plugins = [
      ...defaultPlugins({ reader, store, clock, random, rbac, mountServiceAccountTokens }),
      ...(options.plugins ?? []),
    ];
    const registry = createRegistry(options.resources ?? builtInResources);
    const reviews = reviewHandlers({ authorizer, rbac, tokens: this.#tokens });
    const virtual = [...reviews].map(
      ([type, handler]) => [registry.register(type, { virtual: true }).name, handler] as const,
    );
    this.#context = {
      store,
      clock,
      random,
      logger,
      registry,
      admission: new AdmissionChain(plugins),
      authorizer,
      subresources: builtInSubresources(this.#tokens),
      virtual: new Map(virtual),
      continueKey: random.bytes(continueKeyBytes),
    };
    this.#watches = new Watches(clock);
    this.#pipeline = new RequestPipeline(this.#context, this.#watches);
  }

  get rootCa(): string {
    return this.#parts.pki?.authority.certificate ?? '';
  }

  transport(identity: Identity): Transport {
    return this.#pipeline.transport(identity);
  }

  async issueCertificate(name: string, request: CertificateRequest): Promise<KeyPair> {
    const { pki } = this.#parts;
    assert(pki, 'certificates need a data directory');
    return await pki.issue(name, request);
  }

  async listen({ host, port, hosts = [] }: ListenOptions): Promise<{ address: string; port: number }> {
    assert(!this.#http, 'the server listens already');
    const named = [...new Set([...localHosts, ...serviceHosts, host, ...hosts])].filter((name) => !isAny(name));
    const [certificate] = await Promise.all([
      this.issueCertificate('apiserver', { commonName: 'stowage-apiserver', hosts: named }),
      // Needed next, for the kubeconfig.
      this.#adminCertificate(),
    ]);
    const context = this.#handlerContext();
    this.#http = await listen({ context, host, port, certificate, authority: this.rootCa });
    const reachable = isAny(host) ? '127.0.0.1' : host;
    this.#address = `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${this.#http.port}`;
    return { address: this.#address, port: this.#http.port };
  }

  #handlerContext(): HandlerContext {
    const { options, reader, authorizer } = this.#parts;
    const { registry, subresources, clock, random, logger } = this.#context;
    const metrics = new RequestMetrics({
      watches: () => this.#watches.size,
      storeRevision: () => this.#context.store.revision,
    });
    const systemPaths = new SystemPaths({
      registry,
      subresources,
      version: apiVersion,
      serverAddress: () => this.#address.replace('https://', ''),
      problems: () => [],
      metrics: async () => (await metrics.print()) + ((await options.pages?.metrics()) ?? ''),
      page: (path) => options.pages?.page(path),
    });
    const kubelets = new KubeletProxy({
      reader,
      clock,
      authority: this.rootCa,
      client: () =>
        this.issueCertificate('apiserver-kubelet-client', {
          commonName: 'stowage-apiserver-kubelet-client',
          organizations: ['system:masters'],
        }),
    });
    const authenticator = new Authenticator({ tokens: this.#tokens, staticTokens: options.staticTokens ?? [] });
    const pipeline = this.#pipeline;
    return { pipeline, registry, authenticator, authorizer, clock, random, logger, systemPaths, kubelets, metrics };
  }

  #adminCertificate(): Promise<KeyPair> {
    return this.issueCertificate('admin', { commonName: administrator, organizations: ['system:masters'] });
  }

  async writeKubeconfig(path: string): Promise<void> {
    assert(this.#address !== '', 'a kubeconfig names the address that is listened on');
    const { fs = realFs } = this.#parts.options;
    const client = await this.#adminCertificate();
    const text = kubeconfigText({ server: this.#address, authority: this.rootCa, client, user: administrator });
    // The same at every start on the same port.
    if ((await ifExists(fs.readFile(path, 'utf8'))) === text) return;
    await fs.mkdir(dirname(path), { recursive: true });
    await writeFileDurably(fs, path, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watches[Symbol.dispose]();
    await this.#http?.[Symbol.asyncDispose]();
    this.#parts.rbac?.[Symbol.dispose]();
    this.#parts.eventExpiry[Symbol.dispose]();
  }
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '';
}
