import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, VirtualClock } from '../base/index.ts';
import { done, type Reconcile, requeueAfter, type WorkQueue } from './reconciler.ts';
import { type ReconcilerOptions, runReconciler } from './run-reconciler.ts';

let clock: VirtualClock;
let queue: WorkQueue & AsyncDisposable;

function run(reconcile: Reconcile, options: Partial<ReconcilerOptions> = {}): void {
  queue = runReconciler({ name: 'test', clock, logger: silentLogger, reconcile, ...options });
}

beforeEach(() => {
  clock = new VirtualClock();
});

afterEach(async () => {
  await queue[Symbol.asyncDispose]();
  expect(clock.pendingTimers).toBe(0);
});

describe('the work queue', () => {
  it('runs a key once for many adds before its run', async () => {
    const runs: string[] = [];
    run(async (key) => {
      runs.push(key);
      return done;
    });
    for (let i = 0; i < 10; i++) queue.add('a');
    queue.add('b');
    expect(queue.length).toBe(2);
    await clock.settle();
    expect(runs).toEqual(['a', 'b']);
    expect(queue.length).toBe(0);
  });

  it('runs a key once more, and never beside itself, when it is added while it runs', async () => {
    let running = 0;
    let runs = 0;
    run(async () => {
      running++;
      runs++;
      expect(running).toBe(1);
      await clock.sleep(100);
      running--;
      return done;
    });
    queue.add('a');
    await clock.advance(50);
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(1);
    await clock.advance(1000);
    expect(runs).toBe(2);
  });

  it('runs different keys side by side up to the concurrency', async () => {
    let running = 0;
    let most = 0;
    run(
      async () => {
        running++;
        most = Math.max(most, running);
        await clock.sleep(10);
        running--;
        return done;
      },
      { concurrency: 3 },
    );
    for (let i = 0; i < 10; i++) queue.add(`k${i}`);
    await clock.advance(100);
    expect(most).toBe(3);
    expect(queue.length).toBe(0);
  });

  it('comes back after the time that a run asks for', async () => {
    const atMs: number[] = [];
    run(async () => {
      atMs.push(clock.monotonic());
      return atMs.length < 3 ? requeueAfter(1000) : done;
    });
    queue.add('a');
    await clock.advance(10_000);
    expect(atMs).toEqual([0, 1000, 2000]);
  });

  it('takes the earlier of two delays of one key', async () => {
    const atMs: number[] = [];
    run(async () => {
      atMs.push(clock.monotonic());
      return done;
    });
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    await clock.advance(10_000);
    expect(atMs).toEqual([200]);
  });

  it('keeps the order of many delays', async () => {
    const runs: string[] = [];
    run(async (key) => {
      runs.push(key);
      return done;
    });
    const delays = [70, 20, 90, 10, 50, 30, 80, 60, 40, 100];
    for (const delay of delays) queue.addAfter(String(delay), delay);
    await clock.advance(1000);
    expect(runs).toEqual([...delays].sort((a, b) => a - b).map(String));
  });
});

describe('failures', () => {
  it('[B1] come back with exponential back-off that a success resets', async () => {
    const atMs: number[] = [];
    run(async () => {
      atMs.push(clock.monotonic());
      if (atMs.length % 5 !== 0) throw new TypeError('no');
      return done;
    });
    queue.add('a');
    await clock.advance(10_000);
    expect(atMs).toEqual([0, 5, 15, 35, 75]);
    queue.add('a');
    await clock.advance(6);
    expect(atMs.slice(5)).toEqual([10_000, 10_005]);
  });

  it('[B1] share a bucket of retries when one is given', async () => {
    let runs = 0;
    run(
      async () => {
        runs++;
        throw new TypeError('no');
      },
      { retryBucket: { qps: 10, burst: 100 }, backoff: { initialMs: 1, maxMs: 1 } },
    );
    for (let i = 0; i < 50; i++) queue.add(`k${i}`);
    await clock.advance(10_000);
    expect(runs).toBeGreaterThan(50 + 100 + 90);
    expect(runs).toBeLessThanOrEqual(50 + 100 + 101);
  });

  it('are told with the time of the retry', async () => {
    const outcomes: unknown[] = [];
    run(
      async () => {
        throw new TypeError('no');
      },
      { onResult: (key, outcome) => outcomes.push([key, outcome.kind]) },
    );
    queue.add('a');
    await clock.settle();
    expect(outcomes).toEqual([['a', 'failed']]);
  });
});

describe('stopping', () => {
  it('aborts what runs, waits for it and starts nothing more', async () => {
    const ended: string[] = [];
    run(
      async (key, signal) => {
        await clock.sleep(60_000, signal).catch(() => {});
        ended.push(key);
        return requeueAfter(1);
      },
      { concurrency: 1 },
    );
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 5);
    await clock.advance(1);
    await queue[Symbol.asyncDispose]();
    queue.add('d');
    await clock.advance(100_000);
    expect(ended).toEqual(['a']);
    expect(queue.length).toBe(0);
  });

  it('gives up on a run that ignores its signal', async () => {
    run(async () => {
      await new Promise<never>(() => {});
      return done;
    });
    queue.add('a');
    await clock.settle();
    let stopped = false;
    const stopping = queue[Symbol.asyncDispose]().then(() => {
      stopped = true;
    });
    await clock.advance(10_001);
    await stopping;
    expect(stopped).toBe(true);
  });
});
