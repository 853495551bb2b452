/** What is told about the requests to the API server. Upstream: component-base metrics/prometheus/restclient. */
import type { Clock } from '../base/index.ts';
import type { Counter, Histogram, MetricsRegistry } from '../metrics/index.ts';

const durationBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export class HttpMetrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #host: string;
  readonly #requests: Counter;
  readonly #retries: Counter;
  readonly #durations: Histogram;

  constructor(metrics: MetricsRegistry, clock: Pick<Clock, 'monotonic'>, host: string) {
    this.#clock = clock;
    this.#host = host;
    this.#requests = metrics.counter({
      name: 'rest_client_requests_total',
      help: 'Requests sent, by the code of the answer, method and host.',
      labels: ['code', 'method', 'host'],
    });
    this.#retries = metrics.counter({
      name: 'rest_client_request_retries_total',
      help: 'Requests sent again because the server asked for it.',
      labels: ['code', 'verb', 'host'],
    });
    this.#durations = metrics.histogram({
      name: 'rest_client_request_duration_seconds',
      help: 'From sending a request to its whole answer, in seconds.',
      labels: ['verb', 'host'],
      buckets: durationBuckets,
    });
  }

  /** The code is that of the answer; `<error>` when none came, as upstream. */
  answered(method: string, code: number | '<error>', sentMs: number): void {
    this.#requests.inc([String(code), method, this.#host]);
    this.#durations.observe((this.#clock.monotonic() - sentMs) / 1000, [method, this.#host]);
  }

  retried(method: string, code: number): void {
    this.#retries.inc([String(code), method, this.#host]);
  }
}
