import { abortError, onAbort, throwIfAborted } from './abort.ts';
import type { Clock } from './clock.ts';
import { TimeoutError } from './errors.ts';

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Named in the TimeoutError: `timed out after 500 ms: <what>`. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the work with a signal that aborts at the deadline or with the caller's signal. Rejects with a TimeoutError at
 * the deadline even when the work ignores its signal.
 */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, timeoutMs, what, signal } = options;
  throwIfAborted(signal);
  const controller = new AbortController();
  const { promise: cut, reject } = Promise.withResolvers<never>();
  using timer = clock.setTimer(timeoutMs, () => {
    const error = new TimeoutError(`timed out after ${timeoutMs} ms: ${what}`);
    reject(error);
    controller.abort(error);
  });
  void timer;
  using outer = signal
    ? onAbort(signal, () => {
        reject(abortError(signal));
        controller.abort(signal.reason);
      })
    : undefined;
  void outer;
  // Whichever loses the race must not surface as an unhandled rejection.
  cut.catch(() => {});
  const running = work(controller.signal);
  running.catch(() => {});
  return await Promise.race([running, cut]);
}
