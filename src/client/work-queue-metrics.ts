/** What is told about a work queue. Upstream: client-go util/workqueue/metrics.go. */
import type { Clock } from '../base/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';

const labels = ['name'];
/** 10 ns to 1000 s, as upstream. */
const buckets = Array.from({ length: 12 }, (_, exponent) => Number(`1e${exponent - 8}`));

interface KeyTimes {
  addedMs?: number;
  startedMs?: number;
}

/** Follows one queue's keys: when they came, how long they waited and ran. */
export class WorkQueueMetrics implements Disposable {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #labels: readonly string[];
  readonly #adds;
  readonly #retries;
  readonly #waited;
  readonly #worked;
  readonly #collector: Disposable;
  readonly #keys = new Map<string, KeyTimes>();
  #waiting = 0;

  constructor(metrics: MetricsRegistry, clock: Pick<Clock, 'monotonic'>, name: string) {
    this.#clock = clock;
    this.#labels = [name];
    const help = (text: string) => `${text} of the work queue.`;
    this.#adds = metrics.counter({ name: 'workqueue_adds_total', help: help('Keys added to the waiting'), labels });
    this.#retries = metrics.counter({ name: 'workqueue_retries_total', help: help('Retries'), labels });
    this.#waited = metrics.histogram({
      name: 'workqueue_queue_duration_seconds',
      help: help('How long keys waited before they ran, in seconds,'),
      labels,
      buckets,
    });
    this.#worked = metrics.histogram({
      name: 'workqueue_work_duration_seconds',
      help: help('How long keys ran, in seconds,'),
      labels,
      buckets,
    });
    const depth = metrics.gauge({ name: 'workqueue_depth', help: help('Keys that wait'), labels });
    const unfinished = metrics.gauge({
      name: 'workqueue_unfinished_work_seconds',
      help: help('Seconds that all running keys have run so far'),
      labels,
    });
    const longest = metrics.gauge({
      name: 'workqueue_longest_running_processor_seconds',
      help: help('Seconds that the longest running key has run'),
      labels,
    });
    this.#collector = metrics.onCollect(() => {
      const running = [...this.#keys.values()].flatMap(({ startedMs }) =>
        startedMs === undefined ? [] : [this.#secondsSince(startedMs)],
      );
      depth.set(this.#waiting, this.#labels);
      unfinished.set(
        running.reduce((sum, seconds) => sum + seconds, 0),
        this.#labels,
      );
      longest.set(Math.max(0, ...running), this.#labels);
    });
  }

  added(key: string): void {
    const times = this.#keys.get(key) ?? {};
    if (times.addedMs !== undefined) return;
    this.#adds.inc(this.#labels);
    times.addedMs = this.#clock.monotonic();
    this.#waiting++;
    this.#keys.set(key, times);
  }

  started(key: string): void {
    const times = this.#keys.get(key);
    if (times?.addedMs === undefined) return;
    this.#waited.observe(this.#secondsSince(times.addedMs), this.#labels);
    this.#waiting--;
    this.#keys.set(key, { startedMs: this.#clock.monotonic() });
  }

  ended(key: string): void {
    const times = this.#keys.get(key);
    if (times?.startedMs === undefined) return;
    this.#worked.observe(this.#secondsSince(times.startedMs), this.#labels);
    // A key that was added while it ran waits again.
    if (times.addedMs === undefined) this.#keys.delete(key);
    else this.#keys.set(key, { addedMs: times.addedMs });
  }

  retried(): void {
    this.#retries.inc(this.#labels);
  }

  #secondsSince(ms: number): number {
    return (this.#clock.monotonic() - ms) / 1000;
  }

  [Symbol.dispose](): void {
    this.#collector[Symbol.dispose]();
  }
}
