/** What the API server counts. Upstream: apiserver endpoints/metrics. */
import type { IncomingMessage } from 'node:http';
import { type Counter, MetricsRegistry, printProcessMetrics } from '../../metrics/index.ts';
import type { ResourceRoute } from './route.ts';

export interface MetricsSources {
  /** The watches that are open. */
  readonly watches: () => number;
  readonly storeRevision: () => number;
}

const verbs: Readonly<Record<string, string>> = { POST: 'CREATE', PUT: 'UPDATE', PATCH: 'PATCH', DELETE: 'DELETE' };

function verbOf(request: IncomingMessage, route: ResourceRoute | undefined): string {
  const { method = '', url = '' } = request;
  if (method !== 'GET') return verbs[method] ?? 'other';
  if (route?.isLegacyWatch || /[?&]watch=(1|true)/.test(url)) return 'WATCH';
  return route?.name === undefined && route !== undefined ? 'LIST' : 'GET';
}

export class RequestMetrics {
  readonly #registry = new MetricsRegistry();
  readonly #requests: Counter;

  constructor({ watches, storeRevision }: MetricsSources) {
    this.#requests = this.#registry.counter({
      name: 'apiserver_request_total',
      help: 'Requests answered, by verb, resource and code.',
      labels: ['verb', 'group', 'version', 'resource', 'subresource', 'component', 'code'],
    });
    const open = this.#registry.gauge({ name: 'apiserver_longrunning_requests', help: 'Watches that are open.' });
    const revision = this.#registry.gauge({
      name: 'apiserver_storage_revision',
      help: 'The newest revision of the store.',
    });
    this.#registry.onCollect(() => {
      open.set(watches());
      revision.set(storeRevision());
    });
  }

  /** Counts an answer. The route is undefined for paths that are no resources. */
  count(request: IncomingMessage, route: ResourceRoute | undefined, code: number): void {
    // A kind that is not served could be called anything.
    const { group = '', version = '', plural = '', subresource = '' } = (code === 404 ? undefined : route) ?? {};
    this.#requests.inc([verbOf(request, route), group, version, plural, subresource, 'apiserver', String(code)]);
  }

  /** The Prometheus text, with the numbers of the process. */
  async print(): Promise<string> {
    return (await this.#registry.print()) + (await printProcessMetrics());
  }
}
