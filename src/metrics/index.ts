export {
  type Counter,
  type Gauge,
  type Histogram,
  type HistogramDefinition,
  type LabelValues,
  type MetricDefinition,
  MetricsRegistry,
} from './metrics-registry.ts';
export { printProcessMetrics } from './process-metrics.ts';
