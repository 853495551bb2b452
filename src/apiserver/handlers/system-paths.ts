/** The paths that are no resources: discovery, OpenAPI, health, version. Documents are made when first asked for. */
import { createHash } from 'node:crypto';
import { stringify } from '../codec/json.ts';
import { negotiate, type Representation } from '../codec/media-types.ts';
import {
  aggregatedDocument,
  aggregatedMediaTypes,
  apiVersionsDocument,
  groupListDocument,
  oneGroupDocument,
  resourceListDocument,
} from '../discovery/discovery.ts';
import { type ServedVersion, type Subresources, servedVersions } from '../discovery/served-resources.ts';
import { openApiDocument } from '../openapi/document.ts';
import { emptyOpenApiV2, openApiV2Protobuf } from '../openapi/empty-v2.ts';
import type { Registry } from '../registry/registry.ts';
import type { Exchange } from './exchange.ts';
import { respondText } from './respond.ts';
import { notFound } from './route.ts';

export interface SystemPathOptions {
  readonly registry: Registry;
  readonly subresources: Subresources;
  /** `v1.36.0`, as clients compare it. */
  readonly version: string;
  readonly serverAddress: () => string;
  /** Empty while everything is well. */
  readonly problems: () => readonly string[];
  readonly metrics: () => Promise<string>;
  /** What else there is. */
  readonly page: (path: string) => Page | undefined;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

interface Document {
  readonly text: string;
  readonly contentType: string;
  readonly etag: string;
}

const healthPaths = new Set(['healthz', 'livez', 'readyz']);
/** What anybody may know, so that load balancers and clients without credentials can ask. */
const publicPaths = new Set([...healthPaths, 'version']);

export function isPublicPath(segments: readonly string[]): boolean {
  return publicPaths.has(segments[0] ?? '');
}

export class SystemPaths {
  readonly #options: SystemPathOptions;
  readonly #documents = new Map<string, Document>();
  #generation = -1;
  #versions: readonly ServedVersion[] = [];

  constructor(options: SystemPathOptions) {
    this.#options = options;
  }

  /** Throws NotFound for a path that is nothing. */
  async serve(exchange: Exchange, segments: readonly string[]): Promise<void> {
    const [first = ''] = segments;
    if (healthPaths.has(first)) {
      this.#health(exchange, first);
    } else if (first === 'metrics') {
      const text = await this.#options.metrics();
      respondText(exchange.response, { status: 200, text, contentType: 'text/plain; version=0.0.4; charset=utf-8' });
    } else if (segments.join('/') === 'openapi/v2') {
      this.#openApiV2(exchange);
    } else {
      const page = this.#options.page(`/${segments.join('/')}`);
      if (page) {
        respondText(exchange.response, page);
        return;
      }
      const representation = negotiate(exchange.request.headers.accept);
      this.#send(exchange, this.#document(segments, representation));
    }
  }

  /** The old document names no kinds: clients that look there find out, by it, that the server has not the one they mean. */
  #openApiV2({ request, response }: Exchange): void {
    const info = { title: 'Kubernetes', version: this.#options.version };
    const accepted = request.headers.accept ?? '';
    const text = accepted.includes(openApiV2Protobuf)
      ? emptyOpenApiV2(info)
      : `${stringify({ swagger: '2.0', info, paths: {} })}\n`;
    const contentType = typeof text === 'string' ? 'application/json' : `${openApiV2Protobuf}.v1.0+protobuf`;
    respondText(response, { status: 200, text, contentType });
  }

  #health({ response, query }: Exchange, check: string): void {
    const problems = this.#options.problems();
    const isVerbose = query.has('verbose') || problems.length > 0;
    const verdict = problems.length > 0 ? `${check} check failed` : `${check} check passed`;
    const lines = [problems.length > 0 ? undefined : '[+]ping ok', ...problems.map((text) => `[-]${text}`), verdict];
    const text = isVerbose ? `${lines.filter((line) => line !== undefined).join('\n')}\n` : 'ok';
    respondText(response, { status: problems.length > 0 ? 500 : 200, text, contentType: 'text/plain; charset=utf-8' });
  }

  #send({ request, response }: Exchange, document: Document): void {
    const headers = { ETag: document.etag, Vary: 'Accept' };
    if (request.headers['if-none-match'] === document.etag) {
      response.writeHead(304, headers);
      response.end();
      return;
    }
    const { text, contentType } = document;
    respondText(response, { status: 200, text, contentType, headers });
  }

  #document(segments: readonly string[], representation: Representation): Document {
    const { registry, subresources } = this.#options;
    if (this.#generation !== registry.generation) {
      this.#generation = registry.generation;
      this.#versions = servedVersions(registry, subresources);
      this.#documents.clear();
    }
    const aggregated = segments.length === 1 ? representation.discovery : undefined;
    const key = `${aggregated ?? ''} ${segments.join('/')}`;
    let document = this.#documents.get(key);
    if (!document) {
      const body = aggregated ? this.#aggregated(segments, aggregated) : this.#plain(segments);
      if (body === undefined) throw notFound();
      const text = `${stringify(body)}\n`;
      const contentType = aggregated ? aggregatedMediaTypes[aggregated] : 'application/json';
      document = { text, contentType, etag: `"${createHash('sha256').update(text).digest('hex').toUpperCase()}"` };
      // Only paths that lead somewhere are kept, so the map is bounded by what is served.
      this.#documents.set(key, document);
    }
    return document;
  }

  #aggregated(segments: readonly string[], version: 'v2' | 'v2beta1'): object | undefined {
    const isCore = segments[0] === 'api';
    return isCore || segments[0] === 'apis'
      ? aggregatedDocument(this.#versions, { isCore, version })
      : this.#plain(segments);
  }

  #plain(segments: readonly string[]): object | undefined {
    const [first, second, third, ...more] = segments;
    if (first === undefined)
      return { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] };
    if (first === 'version' && segments.length === 1) return versionDocument(this.#options.version);
    if (first === 'openapi' && second === 'v3') return this.#openApi(segments.slice(2));
    if (more.length > 0) return undefined;
    if (first === 'api') {
      if (second === undefined) return apiVersionsDocument(this.#options.serverAddress());
      return third === undefined ? this.#resources('', second) : undefined;
    }
    if (first !== 'apis') return undefined;
    if (second === undefined) return groupListDocument(this.#versions);
    return third === undefined ? oneGroupDocument(this.#versions, second) : this.#resources(second, third);
  }

  #find(group: string, version: string): ServedVersion | undefined {
    return this.#versions.find((served) => served.group === group && served.version === version);
  }

  #resources(group: string, version: string): object | undefined {
    const served = this.#find(group, version);
    return served && resourceListDocument(served);
  }

  #openApi(path: readonly string[]): object | undefined {
    const { version } = this.#options;
    if (path.length === 0)
      return { paths: Object.fromEntries(this.#versions.map((served) => this.#openApiEntry(served))) };
    const served = path[0] === 'api' ? this.#find('', path[1] ?? '') : this.#find(path[1] ?? '', path[2] ?? '');
    return served && openApiDocument(served, version);
  }

  /** The hash names what the document is made of, which is cheaper to say than the document. */
  #openApiEntry(served: ServedVersion): [string, object] {
    const path = served.group === '' ? `api/${served.version}` : `apis/${served.group}/${served.version}`;
    const hash = createHash('sha256').update(this.#options.version).update(stringify(served)).digest('hex');
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.toUpperCase()}` }];
  }
}

function versionDocument(gitVersion: string): object {
  const [, major = '1', minor = '0'] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
