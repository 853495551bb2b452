/** How long snapshots take. Upstream: external-snapshotter pkg/metrics/metrics.go. */
import type { VolumeSnapshot } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Gauge, Histogram, MetricsRegistry } from '../../metrics/index.ts';

export type SnapshotOperation = 'CreateSnapshot' | 'CreateSnapshotAndReady' | 'DeleteSnapshot';

const buckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600];
const creations: readonly SnapshotOperation[] = ['CreateSnapshot', 'CreateSnapshotAndReady'];

interface Started {
  readonly startedMs: number;
  readonly driver: string;
  readonly type: string;
}

export class SnapshotMetrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #seconds: Histogram;
  readonly #inFlight: Gauge;
  /** By operation and uid; snapshots that go take theirs along. */
  readonly #started = new Map<string, Started>();

  constructor(registry: MetricsRegistry, clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#seconds = registry.histogram({
      name: 'snapshot_controller_operation_total_seconds',
      help: 'Total number of seconds spent by the controller on an operation',
      labels: ['driver_name', 'operation_name', 'snapshot_type', 'operation_status'],
      buckets,
    });
    this.#inFlight = registry.gauge({
      name: 'snapshot_controller_operations_in_flight',
      help: 'Total number of operations in flight',
      labels: [],
    });
  }

  /** Only the first start of an operation counts. */
  start(operation: SnapshotOperation, { metadata, spec }: VolumeSnapshot, driver: string | undefined): void {
    const key = `${operation} ${metadata.uid}`;
    if (this.#started.has(key)) return;
    const type = spec.source.volumeSnapshotContentName === undefined ? 'dynamic' : 'pre-provisioned';
    this.#started.set(key, { startedMs: this.#clock.monotonic(), driver: driver || 'unknown', type });
    this.#inFlight.set(this.#started.size);
  }

  /** The snapshot is to be taken, unless it has been, and to become ready. */
  startCreation(snapshot: VolumeSnapshot, driver: string | undefined): void {
    if (snapshot.status?.creationTime === undefined) this.start('CreateSnapshot', snapshot, driver);
    this.start('CreateSnapshotAndReady', snapshot, driver);
  }

  succeeded(operation: SnapshotOperation, uid: string): void {
    this.#end(operation, uid, 'success');
  }

  /** The snapshot is gone: its deletion has succeeded, and what was not finished never will be. */
  gone(uid: string): void {
    this.#end('DeleteSnapshot', uid, 'success');
    for (const operation of creations) this.#end(operation, uid, 'cancel');
  }

  #end(operation: SnapshotOperation, uid: string, status: string): void {
    const key = `${operation} ${uid}`;
    const started = this.#started.get(key);
    if (!started) return;
    this.#started.delete(key);
    this.#inFlight.set(this.#started.size);
    const seconds = (this.#clock.monotonic() - started.startedMs) / 1000;
    this.#seconds.observe(seconds, [started.driver, operation, started.type, status]);
  }
}
