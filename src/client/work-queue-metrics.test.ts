import { describe, expect, it } from 'vitest';
import { silentLogger, VirtualClock } from '../base/index.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import { done } from './reconciler.ts';
import { runReconciler } from './run-reconciler.ts';

function startQueue() {
  const clock = new VirtualClock();
  const metrics = new MetricsRegistry();
  const value = async (series: string) => {
    const lines = (await metrics.print()).split('\n');
    const line = lines.find((printed) => printed.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  };
  const gates: PromiseWithResolvers<void>[] = [];
  let failures = 0;
  const queue = runReconciler({
    name: 'claims',
    clock,
    logger: silentLogger,
    metrics,
    concurrency: 1,
    reconcile: async () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      if (failures-- > 0) throw new RangeError('not yet');
      return done;
    },
  });
  return { clock, queue, gates, value, fail: (times: number) => (failures = times) };
}

describe('metrics of a work queue', () => {
  it('tells how many keys wait and how long the running ones have run', async () => {
    const { clock, queue, gates, value } = startQueue();
    await using stopped = queue;
    void stopped;
    for (const key of ['a', 'b', 'b', 'c']) queue.add(key);
    await clock.settle();
    expect(await value('workqueue_adds_total{name="claims"}')).toBe(3);
    expect(await value('workqueue_depth{name="claims"}')).toBe(2);
    await clock.advance(3_000);
    expect(await value('workqueue_unfinished_work_seconds{name="claims"}')).toBe(3);
    expect(await value('workqueue_longest_running_processor_seconds{name="claims"}')).toBe(3);
    gates[0]?.resolve();
    await clock.settle();
    expect(await value('workqueue_depth{name="claims"}')).toBe(1);
    expect(await value('workqueue_work_duration_seconds_sum{name="claims"}')).toBe(3);
    expect(await value('workqueue_queue_duration_seconds_sum{name="claims"}')).toBe(3);
    for (let at = 1; at < 3; at++) {
      gates[at]?.resolve();
      await clock.settle();
    }
    expect(await value('workqueue_depth{name="claims"}')).toBe(0);
    expect(await value('workqueue_work_duration_seconds_count{name="claims"}')).toBe(3);
  });

  it('counts a key that is added while it runs as one that waits, and failures as retries', async () => {
    const { clock, queue, gates, value, fail } = startQueue();
    await using stopped = queue;
    void stopped;
    fail(1);
    queue.add('a');
    await clock.settle();
    queue.add('a');
    expect(await value('workqueue_depth{name="claims"}')).toBe(1);
    gates[0]?.resolve();
    await clock.settle();
    expect(await value('workqueue_retries_total{name="claims"}')).toBe(1);
    gates[1]?.resolve();
    await clock.advance(100);
    gates[2]?.resolve();
    await clock.settle();
    expect(await value('workqueue_depth{name="claims"}')).toBe(0);
    expect(await value('workqueue_longest_running_processor_seconds{name="claims"}')).toBe(0);
  });
});
