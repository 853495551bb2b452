import { describe, expect, it } from 'vitest';
import { onAbort } from './abort.ts';
import { withDeadline } from './deadline.ts';
import { VirtualClock } from './virtual-clock.ts';

const never = () => new Promise<never>(() => {});

describe('a deadline', () => {
  it('passes a result and an error of the work on, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const options = { clock, timeoutMs: 100, what: 'work' };
    expect(await withDeadline(options, async () => 7)).toBe(7);
    await expect(withDeadline(options, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(clock.pendingTimers).toBe(0);
  });

  it('aborts the work and rejects, even when the work ignores its signal', async () => {
    const clock = new VirtualClock();
    let reason: unknown;
    const outcome = withDeadline({ clock, timeoutMs: 100, what: 'work' }, (signal) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return never();
    }).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await outcome).toMatchObject({ name: 'TimeoutError', message: 'timed out after 100 ms: work' });
    expect(reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('ends with the signal of the caller, and does not start when that has aborted', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const options = { clock, timeoutMs: 100, what: 'work', signal: controller.signal };
    const outcome = withDeadline(options, never).catch((error: unknown) => error);
    controller.abort();
    expect(await outcome).toMatchObject({ name: 'AbortError' });
    expect(clock.pendingTimers).toBe(0);
    await expect(withDeadline(options, () => expect.unreachable())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a callback on abort', () => {
  it('runs once, at once when the signal has aborted, and not after it was taken back', () => {
    const calls: string[] = [];
    const controller = new AbortController();
    onAbort(controller.signal, () => calls.push('kept'));
    onAbort(controller.signal, () => calls.push('taken back'))[Symbol.dispose]();
    controller.abort();
    onAbort(controller.signal, () => calls.push('late'));
    expect(calls).toEqual(['kept', 'late']);
  });
});
