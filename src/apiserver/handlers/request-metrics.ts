/**
 * Counts of the requests that were served. They are plain numbers until somebody asks for them: the library that
 * prints them is loaded then. Upstream: apiserver endpoints/metrics.
 */
import type { IncomingMessage } from 'node:http';
import type { ResourceRoute } from './route.ts';

export interface MetricsSources {
  /** The watches that are open. */
  readonly watches: () => number;
  readonly storeRevision: () => number;
}

/** More combinations than the API has: whatever is beyond is counted as one. */
const maxSeries = 5_000;

const verbs: Readonly<Record<string, string>> = { POST: 'CREATE', PUT: 'UPDATE', PATCH: 'PATCH', DELETE: 'DELETE' };

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
}

function verbOf(request: IncomingMessage, route: ResourceRoute | undefined): string {
  const { method = '', url = '' } = request;
  if (method !== 'GET') return verbs[method] ?? 'other';
  if (route?.isLegacyWatch || /[?&]watch=(1|true)/.test(url)) return 'WATCH';
  return route?.name === undefined && route !== undefined ? 'LIST' : 'GET';
}

export class RequestMetrics {
  readonly #sources: MetricsSources;
  readonly #series = new Map<string, Series>();
  #printer: ReturnType<typeof createPrinter> | undefined;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
  }

  /** Counts an answer. The route is undefined for paths that are no resources. */
  count(request: IncomingMessage, route: ResourceRoute | undefined, code: number): void {
    const verb = verbOf(request, route);
    // A kind that is not served could be called anything.
    const known = code === 404 ? undefined : route;
    const key = `${verb} ${code} ${known?.group} ${known?.version} ${known?.plural} ${known?.subresource}`;
    const series = this.#series.get(key);
    if (series) {
      series.count++;
      return;
    }
    if (this.#series.size >= maxSeries) return;
    const { group = '', version = '', plural = '', subresource = '' } = known ?? {};
    const labels = { verb, group, version, resource: plural, subresource, component: 'apiserver', code: String(code) };
    this.#series.set(key, { labels, count: 1 });
  }

  /** The Prometheus text. */
  async print(): Promise<string> {
    this.#printer ??= createPrinter(this.#sources);
    const { registry, requests } = await this.#printer;
    requests.reset();
    for (const { labels, count } of this.#series.values()) requests.inc(labels, count);
    return await registry.metrics();
  }
}

/** Made once: what it gathers about the process never stops. */
async function createPrinter({ watches, storeRevision }: MetricsSources) {
  const { Counter, collectDefaultMetrics, Gauge, Registry } = await import('./prometheus.ts');
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests answered, by verb, resource and code.',
    labelNames: ['verb', 'group', 'version', 'resource', 'subresource', 'component', 'code'],
    registers,
  });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('apiserver_longrunning_requests', 'Watches that are open.', watches);
  gauge('apiserver_storage_revision', 'The newest revision of the store.', storeRevision);
  return { registry, requests };
}
