/** How long the driver takes to answer, and how its answers end. Upstream: csi-lib-utils metrics/metrics.go. */
import { type CallReport, codeName } from '../../csi/index.ts';
import type { Histogram, MetricsRegistry } from '../../metrics/index.ts';

/** Upstream's, in seconds. */
const callBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600];

export class CallMetrics {
  /** Unknown until the driver has told its name; the first calls are counted under this, as upstream. */
  driverName = 'unknown-driver';
  readonly #seconds: Histogram;

  constructor(registry: MetricsRegistry) {
    this.#seconds = registry.histogram({
      name: 'csi_sidecar_operations_seconds',
      help: 'Container Storage Interface operation duration with gRPC error code status total',
      labels: ['driver_name', 'method_name', 'grpc_status_code'],
      buckets: callBuckets,
    });
  }

  ended({ method, code, durationMs }: CallReport): void {
    this.#seconds.observe(durationMs / 1000, [this.driverName, method, codeName(code)]);
  }
}
