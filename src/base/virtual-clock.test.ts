import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('virtual time', () => {
  it('stands still until it is moved, and fires timers in order of time, then of creation', async () => {
    const clock = new VirtualClock(1_000);
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push(`c at ${clock.now()}`));
    clock.setTimer(10, () => fired.push(`a at ${clock.now()}`));
    clock.setTimer(10, () => fired.push(`b at ${clock.now()}`));
    await clock.settle();
    expect(fired).toEqual([]);
    await clock.advance(15);
    expect(fired).toEqual(['a at 1010', 'b at 1010']);
    expect([clock.now(), clock.monotonic()]).toEqual([1_015, 15]);
    await clock.advance(5);
    expect(fired).toEqual(['a at 1010', 'b at 1010', 'c at 1020']);
  });

  it('lets the work of one timer run dry before the next fires', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.setTimer(1, async () => {
      await Promise.resolve();
      clock.afterTurn(() => seen.push('work of the first'));
    });
    clock.setTimer(1, () => seen.push('second'));
    await clock.advance(1);
    expect(seen).toEqual(['work of the first', 'second']);
  });

  it('fires timers that timers start, within the span', async () => {
    const clock = new VirtualClock(0);
    const ticks: number[] = [];
    const tick = () => {
      ticks.push(clock.now());
      clock.setTimer(10, tick);
    };
    const timer = clock.setTimer(10, tick);
    await clock.advance(35);
    expect(ticks).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(1);
    timer[Symbol.dispose]();
  });

  it('forgets a timer that is disposed', async () => {
    const clock = new VirtualClock();
    const timer = clock.setTimer(10, () => expect.unreachable());
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(20);
  });

  it('waits in real time for a call that leaves the program', async () => {
    const clock = new VirtualClock(0);
    let answeredAt = -1;
    clock.setTimer(10, () => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    const call = clock.boundary(promise).then(() => {
      answeredAt = clock.now();
    });
    setImmediate(() => setImmediate(() => setImmediate(resolve)));
    await clock.advance(10);
    await call;
    expect(answeredAt).toBe(0);
  });

  it('sleeps until woken by time or by an abort', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const slept = clock.sleep(10);
    const aborted = clock.sleep(10, controller.signal).catch((error: unknown) => error);
    controller.abort(new Error('enough'));
    await clock.advance(10);
    await slept;
    expect(await aborted).toMatchObject({ name: 'AbortError' });
    await expect(clock.sleep(10, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('moves until a condition holds, and says so when it never does', async () => {
    const clock = new VirtualClock(0);
    let ready = false;
    clock.setTimer(500, () => {
      ready = true;
    });
    await clock.until(() => ready);
    expect(clock.now()).toBe(500);
    await expect(clock.until(() => false, 1_000, 'the moon')).rejects.toThrow(
      'the moon did not come to hold within 1000 ms of virtual time',
    );
  });
});
