/** How many CSIStorageCapacity objects there are and should be. Upstream: pkg/capacity CollectWithStability. */
import type { MetricsRegistry } from '../../../metrics/index.ts';

export interface CapacityCounts {
  readonly goal: number;
  readonly current: number;
  readonly obsolete: number;
}

const prefix = 'csistoragecapacities';

/** Counted whenever somebody asks for the metrics, until disposed. */
export function collectMetrics(metrics: MetricsRegistry, count: () => CapacityCounts): Disposable {
  const goal = metrics.gauge({
    name: `${prefix}_desired_goal`,
    help: 'Number of CSIStorageCapacity objects that are supposed to be managed automatically.',
  });
  const current = metrics.gauge({
    name: `${prefix}_desired_current`,
    help: 'Number of CSIStorageCapacity objects that exist and are supposed to be managed automatically.',
  });
  const obsolete = metrics.gauge({
    name: `${prefix}_obsolete`,
    help: 'Number of CSIStorageCapacity objects that exist and will be deleted automatically. Objects that exist and may need an update are not considered obsolete and therefore not included in this value.',
  });
  return metrics.onCollect(() => {
    const counts = count();
    goal.set(counts.goal);
    current.set(counts.current);
    obsolete.set(counts.obsolete);
  });
}
