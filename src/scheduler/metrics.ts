/** What the scheduler counts, under upstream's names. */
import type { Clock } from '../base/index.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import type { QueueName } from './queue/scheduling-queue.ts';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** `count` bounds, each `factor` times the one before. */
function exponentialBuckets(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first * factor ** i);
}

/** Pods that took more attempts are counted together, so that the label has few values. */
const maxAttemptsLabel = 15;

export class SchedulerMetrics {
  readonly #clock: Clock;
  readonly #attempts;
  readonly #attemptSeconds;
  readonly #algorithmSeconds;
  readonly #sliSeconds;
  readonly #podAttempts;
  readonly #victims;
  readonly #preemptions;
  readonly #incoming;
  readonly #registry: MetricsRegistry;

  constructor(clock: Clock, registry = new MetricsRegistry()) {
    this.#clock = clock;
    this.#registry = registry;
    const seconds = exponentialBuckets(0.001, 2, 15);
    this.#attempts = registry.counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Attempts to place a pod, by their result.',
      labels: ['result', 'profile'],
    });
    this.#attemptSeconds = registry.histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'How long an attempt took, binding included.',
      labels: ['result', 'profile'],
      buckets: seconds,
    });
    this.#algorithmSeconds = registry.histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'How long it took to choose a node.',
      buckets: seconds,
    });
    this.#sliSeconds = registry.histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'From the pod entering the queue to its binding.',
      labels: ['attempts'],
      buckets: exponentialBuckets(0.01, 2, 20),
    });
    this.#podAttempts = registry.histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Attempts that a placed pod took.',
      buckets: exponentialBuckets(1, 2, 5),
    });
    this.#victims = registry.histogram({
      name: 'scheduler_preemption_victims',
      help: 'Pods chosen to make room for one other.',
      buckets: exponentialBuckets(1, 2, 7),
    });
    this.#preemptions = registry.counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Attempts to make room for a pod.',
    });
    this.#incoming = registry.counter({
      name: 'scheduler_queue_incoming_pods_total',
      help: 'Pods that entered a queue, by the event that put them there.',
      labels: ['queue', 'event'],
    });
  }

  /** Asks for the lengths of the queues whenever somebody reads the metrics. */
  observeQueues(counts: () => Readonly<Record<QueueName, number>>): Disposable {
    const pending = this.#registry.gauge({
      name: 'scheduler_pending_pods',
      help: 'Pods that wait, by queue.',
      labels: ['queue'],
    });
    return this.#registry.onCollect(() => {
      for (const [queue, count] of Object.entries(counts())) pending.set(count, [queue]);
    });
  }

  now(): number {
    return this.#clock.monotonic();
  }

  incoming(queue: QueueName, event: string): void {
    this.#incoming.inc([queue, event]);
  }

  chose(sinceMs: number): void {
    this.#algorithmSeconds.observe(this.#secondsSince(sinceMs));
  }

  attempted(result: AttemptResult, profile: string, sinceMs: number): void {
    this.#attempts.inc([result, profile]);
    this.#attemptSeconds.observe(this.#secondsSince(sinceMs), [result, profile]);
  }

  /** A pod has its node, so long after it came into the queue. */
  placed(attempts: number, waitedMs: number): void {
    const label = attempts >= maxAttemptsLabel ? `${maxAttemptsLabel}+` : String(attempts);
    this.#podAttempts.observe(attempts);
    this.#sliSeconds.observe(waitedMs / 1000, [label]);
  }

  preempting(): void {
    this.#preemptions.inc();
  }

  chosenVictims(count: number): void {
    this.#victims.observe(count);
  }

  #secondsSince(sinceMs: number): number {
    return (this.#clock.monotonic() - sinceMs) / 1000;
  }
}
