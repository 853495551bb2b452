import type { Clock } from './clock.ts';
import { TimeoutError } from './errors.ts';

/** The AbortError for an aborted signal, with the signal's reason as its cause. */
export function abortError(signal?: AbortSignal): Error {
  return new DOMException('the operation was aborted', { name: 'AbortError', cause: signal?.reason });
}

export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw abortError(signal);
}

/** Runs the callback once when the signal aborts (at once if it has); disposing takes the callback back. */
export function onAbort(signal: AbortSignal, callback: () => void): Disposable {
  if (signal.aborted) {
    callback();
    return { [Symbol.dispose]() {} };
  }
  signal.addEventListener('abort', callback, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener('abort', callback);
    },
  };
}

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
