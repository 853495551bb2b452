/**
 * Numbers about a process, for whoever asks for them in Prometheus' text format. A part that counts is given a
 * MetricsRegistry and defines its metrics in one file; asking twice for a name gives the same metric. What is added to
 * prom-client: label values in order, a limit on series, and collectors that serve several metrics and end.
 */
import * as prometheus from 'prom-client';

export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  /** The names of the labels; every series has a value for each. */
  readonly labels?: readonly string[];
}

/** Values of the labels, as many as the definition has and in its order. */
export type LabelValues = readonly string[];

export interface Counter {
  inc(labels?: LabelValues, by?: number): void;
}

export interface Gauge {
  set(value: number, labels?: LabelValues): void;
  add(by: number, labels?: LabelValues): void;
  /** Forgets a series, for what is gone. */
  remove(labels: LabelValues): void;
  /** Forgets every series: before a collector sets those that are. */
  reset(): void;
}

export interface Histogram {
  observe(value: number, labels?: LabelValues): void;
}

export interface HistogramDefinition extends MetricDefinition {
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[];
}

/** Labels may come from names of objects: a metric keeps at most so many series and ignores what is beyond. */
const maxSeries = 10_000;

type MetricConfiguration = Pick<prometheus.CounterConfiguration<string>, 'name' | 'help' | 'labelNames' | 'registers'>;

interface Labelled<T> {
  labels(...values: string[]): T;
  remove(...values: string[]): void;
  reset(): void;
}

/** A metric's series by their label values. */
class Series<T> {
  readonly #metric: Labelled<T>;
  readonly #byLabels = new Map<string, T>();

  constructor(metric: Labelled<T>) {
    this.#metric = metric;
  }

  of(labels: LabelValues = []): T | undefined {
    const key = labels.join('\0');
    const known = this.#byLabels.get(key);
    if (known !== undefined || this.#byLabels.size >= maxSeries) return known;
    const made = this.#metric.labels(...labels);
    this.#byLabels.set(key, made);
    return made;
  }

  remove(labels: LabelValues): void {
    this.#byLabels.delete(labels.join('\0'));
    this.#metric.remove(...labels);
  }

  reset(): void {
    this.#byLabels.clear();
    this.#metric.reset();
  }
}

export class MetricsRegistry {
  readonly #registry = new prometheus.Registry();
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();
  readonly #collectors = new Set<() => void>();

  counter(definition: MetricDefinition): Counter {
    return this.#define(definition, (configuration) => {
      const series = new Series(new prometheus.Counter(configuration));
      return { inc: (labels, by) => series.of(labels)?.inc(by) };
    });
  }

  gauge(definition: MetricDefinition): Gauge {
    return this.#define(definition, (configuration) => {
      const series = new Series(new prometheus.Gauge(configuration));
      return {
        set: (value, labels) => series.of(labels)?.set(value),
        add: (by, labels) => series.of(labels)?.inc(by),
        remove: (labels) => series.remove(labels),
        reset: () => series.reset(),
      };
    });
  }

  histogram(definition: HistogramDefinition): Histogram {
    return this.#define(definition, (configuration) => {
      const series = new Series(new prometheus.Histogram({ ...configuration, buckets: [...definition.buckets] }));
      return { observe: (value, labels) => series.of(labels)?.observe(value) };
    });
  }

  /** Called before every print: for numbers that are counted only when somebody asks. */
  onCollect(collect: () => void): Disposable {
    this.#collectors.add(collect);
    return { [Symbol.dispose]: () => this.#collectors.delete(collect) };
  }

  /** The Prometheus text of everything. */
  async print(): Promise<string> {
    for (const collect of this.#collectors) collect();
    return await this.#registry.metrics();
  }

  #define<M extends Counter | Gauge | Histogram>(
    { name, help, labels = [] }: MetricDefinition,
    create: (configuration: MetricConfiguration) => M,
  ): M {
    const known = this.#metrics.get(name);
    // A name is defined in one place only, so what is known under it is of its type.
    if (known) return known as M;
    const made = create({ name, help, labelNames: [...labels], registers: [this.#registry] });
    this.#metrics.set(name, made);
    return made;
  }
}
