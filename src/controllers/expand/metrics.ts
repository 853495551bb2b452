/** What the controller counts. Upstream: pkg/volume/util/metrics.go OperationCompleteHook. */
import type { Clock } from '../../base/index.ts';
import type { Histogram, MetricsRegistry } from '../../metrics/index.ts';

/** Upstream's, in seconds. */
const operationBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600];

export class ExpandMetrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #operationSeconds: Histogram;

  constructor(registry: MetricsRegistry, clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#operationSeconds = registry.histogram({
      name: 'storage_operation_duration_seconds',
      help: 'Time of an operation on a volume',
      labels: ['volume_plugin', 'operation_name', 'status', 'migrated'],
      buckets: operationBuckets,
    });
  }

  /** Times an expansion by a plugin, and counts how it ended. */
  async expansion<T>(plugin: string, work: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonic();
    let status = 'fail-unknown';
    try {
      const result = await work();
      status = 'success';
      return result;
    } finally {
      const seconds = (this.#clock.monotonic() - startedMs) / 1000;
      this.#operationSeconds.observe(seconds, [plugin, 'expand_volume', status, 'false']);
    }
  }
}
