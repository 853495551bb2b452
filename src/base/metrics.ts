/**
 * Numbers about a process, kept as plain numbers and printed in Prometheus' text format when somebody asks. A part that
 * counts is given a MetricsRegistry and defines its metrics in one file; asking twice for a name gives the same metric.
 */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  /** The names of the labels; every series has a value for each. */
  readonly labels?: readonly string[];
}

/** Values of the labels, in the order of the definition. */
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

/** Series by their label values, as they stand in the text: `{a="x",b="y"}`, or nothing. */
class Series<T> {
  readonly #definition: MetricDefinition;
  readonly #create: () => T;
  readonly #byLabels = new Map<string, T>();

  constructor(definition: MetricDefinition, create: () => T) {
    this.#definition = definition;
    this.#create = create;
    if (!definition.labels?.length) this.#byLabels.set('', create());
  }

  key(values: LabelValues): string {
    const { labels = [] } = this.#definition;
    return labels.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`).join(',');
  }

  of(values: LabelValues): T | undefined {
    const key = values.length === 0 ? '' : this.key(values);
    const known = this.#byLabels.get(key);
    if (known !== undefined || this.#byLabels.size >= maxSeries) return known;
    const made = this.#create();
    this.#byLabels.set(key, made);
    return made;
  }

  entries(): IterableIterator<[string, T]> {
    return this.#byLabels.entries();
  }

  delete(values: LabelValues): void {
    this.#byLabels.delete(this.key(values));
  }

  clear(): void {
    this.#byLabels.clear();
  }
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

interface Printable {
  readonly definition: MetricDefinition;
  print(): string[];
}

class NumberMetric implements Counter, Gauge, Printable {
  readonly definition: MetricDefinition;
  readonly #type: 'counter' | 'gauge';
  readonly #series: Series<{ value: number }>;

  constructor(type: 'counter' | 'gauge', definition: MetricDefinition) {
    this.#type = type;
    this.definition = definition;
    this.#series = new Series(definition, () => ({ value: 0 }));
  }

  inc(labels: LabelValues = [], by = 1): void {
    this.add(by, labels);
  }

  add(by: number, labels: LabelValues = []): void {
    const series = this.#series.of(labels);
    if (series) series.value += by;
  }

  set(value: number, labels: LabelValues = []): void {
    const series = this.#series.of(labels);
    if (series) series.value = value;
  }

  remove(labels: LabelValues): void {
    this.#series.delete(labels);
  }

  reset(): void {
    this.#series.clear();
  }

  print(): string[] {
    const { name } = this.definition;
    const lines = [...this.#series.entries()].map(([labels, { value }]) => `${name}${braced(labels)} ${value}`);
    return [...headOf(this.definition, this.#type), ...lines];
  }
}

interface Distribution {
  readonly counts: number[];
  count: number;
  sum: number;
}

class HistogramMetric implements Histogram, Printable {
  readonly definition: HistogramDefinition;
  readonly #series: Series<Distribution>;

  constructor(definition: HistogramDefinition) {
    this.definition = definition;
    this.#series = new Series(definition, () => ({ counts: definition.buckets.map(() => 0), count: 0, sum: 0 }));
  }

  observe(value: number, labels: LabelValues = []): void {
    const series = this.#series.of(labels);
    if (!series) return;
    series.count++;
    series.sum += value;
    const bucket = this.definition.buckets.findIndex((bound) => value <= bound);
    if (bucket >= 0) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
  }

  print(): string[] {
    const { name, buckets } = this.definition;
    const lines = headOf(this.definition, 'histogram');
    for (const [labels, { counts, count, sum }] of this.#series.entries()) {
      let below = 0;
      const bucket = (bound: number | string, value: number) =>
        lines.push(`${name}_bucket${braced([labels, `le="${bound}"`].filter(Boolean).join(','))} ${value}`);
      buckets.forEach((bound, index) => {
        below += counts[index] ?? 0;
        bucket(bound, below);
      });
      bucket('+Inf', count);
      lines.push(`${name}_sum${braced(labels)} ${sum}`, `${name}_count${braced(labels)} ${count}`);
    }
    return lines;
  }
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function headOf({ name, help }: MetricDefinition, type: string): string[] {
  return [`# HELP ${name} ${help.replaceAll('\n', ' ')}`, `# TYPE ${name} ${type}`];
}

export class MetricsRegistry {
  readonly #metrics = new Map<string, Printable>();
  readonly #collectors = new Set<() => void>();

  counter(definition: MetricDefinition): Counter {
    return this.#define(definition.name, () => new NumberMetric('counter', definition));
  }

  gauge(definition: MetricDefinition): Gauge {
    return this.#define(definition.name, () => new NumberMetric('gauge', definition));
  }

  histogram(definition: HistogramDefinition): Histogram {
    return this.#define(definition.name, () => new HistogramMetric(definition));
  }

  /** Called before every print: for numbers that are counted only when somebody asks. */
  onCollect(collect: () => void): Disposable {
    this.#collectors.add(collect);
    return { [Symbol.dispose]: () => this.#collectors.delete(collect) };
  }

  /** The Prometheus text of everything. */
  print(): string {
    for (const collect of this.#collectors) collect();
    const sorted = [...this.#metrics].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([, metric]) => `${metric.print().join('\n')}\n`).join('');
  }

  #define<M extends Printable>(name: string, create: () => M): M {
    const known = this.#metrics.get(name);
    // A name is defined in one place only, so what is known under it is of its type.
    if (known) return known as M;
    const made = create();
    this.#metrics.set(name, made);
    return made;
  }
}
