/** What the controller counts. Upstream: persistentvolume/metrics/metrics.go. */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Counter, Gauge, Histogram, MetricsRegistry } from '../../metrics/index.ts';
import type { ControllerPlugins } from '../../volume-plugins/index.ts';

export interface OperationLabels {
  readonly plugin: string;
  readonly operation: 'provision' | 'delete';
}

/** Upstream's, in seconds. */
const operationBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600];
const operationLabels = ['plugin_name', 'operation_name'];

export class BinderMetrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #started = new Map<string, OperationLabels & { readonly atMs: number }>();
  readonly #retroactive: Counter;
  readonly #retroactiveErrors: Counter;
  readonly #operationErrors: Counter;
  readonly #operationSeconds: Histogram;

  constructor(registry: MetricsRegistry, clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#retroactive = registry.counter({
      name: 'retroactive_storageclass_total',
      help: 'Claims without a class that were to get the default class later',
    });
    this.#retroactiveErrors = registry.counter({
      name: 'retroactive_storageclass_errors_total',
      help: 'Claims without a class for which that could not be written',
    });
    this.#operationErrors = registry.counter({
      name: 'volume_operation_total_errors',
      help: 'Provisionings and deletions that failed',
      labels: operationLabels,
    });
    this.#operationSeconds = registry.histogram({
      name: 'volume_operation_total_seconds',
      help: 'Time of a provisioning or deletion from its first start to its end',
      labels: operationLabels,
      buckets: operationBuckets,
    });
  }

  async retroactiveClass<T>(writing: Promise<T>): Promise<T> {
    this.#retroactive.inc();
    try {
      return await writing;
    } catch (thrown) {
      this.#retroactiveErrors.inc();
      throw thrown;
    }
  }

  /** The first start counts: retries are part of the same operation. The key is the claim's or the volume's. */
  operationStarted(key: string, labels: OperationLabels): void {
    if (!this.#started.has(key)) this.#started.set(key, { ...labels, atMs: this.#clock.monotonic() });
  }

  operationFailed(key: string): void {
    const started = this.#started.get(key);
    if (started) this.#operationErrors.inc([started.plugin, started.operation]);
  }

  operationEnded(key: string): void {
    const started = this.#started.get(key);
    if (!started) return;
    this.#started.delete(key);
    const seconds = (this.#clock.monotonic() - started.atMs) / 1000;
    this.#operationSeconds.observe(seconds, [started.plugin, started.operation]);
  }

  operationForgotten(key: string): void {
    this.#started.delete(key);
  }
}

export interface CountedObjects {
  readonly plugins: ControllerPlugins;
  volumes(): readonly PersistentVolume[];
  claims(): readonly PersistentVolumeClaim[];
}

/** Counts volumes and claims whenever somebody asks. */
export function countObjects(registry: MetricsRegistry, { plugins, volumes, claims }: CountedObjects): Disposable {
  const gauge = (name: string, what: string, labels: readonly string[]) =>
    registry.gauge({ name: `pv_collector_${name}_count`, help: `How many ${what} there are`, labels });
  const total = gauge('total_pv', 'volumes', ['plugin_name', 'volume_mode']);
  const boundVolumes = gauge('bound_pv', 'bound volumes', ['storage_class']);
  const unboundVolumes = gauge('unbound_pv', 'volumes that are not bound', ['storage_class']);
  const claimLabels = ['namespace', 'storage_class', 'volume_attributes_class'];
  const boundClaims = gauge('bound_pvc', 'bound claims', claimLabels);
  const unboundClaims = gauge('unbound_pvc', 'claims that are not bound', claimLabels);
  const gauges: readonly Gauge[] = [total, boundVolumes, unboundVolumes, boundClaims, unboundClaims];
  return registry.onCollect(() => {
    for (const each of gauges) each.reset();
    for (const volume of volumes()) {
      total.add(1, [pluginName(plugins, volume), volume.spec.volumeMode ?? 'Filesystem']);
      const phase = volume.status?.phase === 'Bound' ? boundVolumes : unboundVolumes;
      phase.add(1, [volume.spec.storageClassName ?? '']);
    }
    for (const { metadata, spec, status } of claims()) {
      const phase = status?.phase === 'Bound' ? boundClaims : unboundClaims;
      phase.add(1, [metadata.namespace ?? '', spec.storageClassName ?? '', spec.volumeAttributesClassName ?? '']);
    }
  });
}

/** A CSI volume's driver stands behind the plugin's name. */
function pluginName(plugins: ControllerPlugins, volume: PersistentVolume): string {
  const plugin = plugins.findBySpec(volume);
  if (!plugin) return 'N/A';
  return volume.spec.csi ? `${plugin.name}:${volume.spec.csi.driver}` : plugin.name;
}
