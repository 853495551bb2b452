/**
 * Time as the program sees it. Everything that waits, measures or stamps takes a Clock, so that a whole cluster can
 * run in virtual time. Nothing outside this folder may use Date.now, setTimeout, setInterval or setImmediate.
 */
import { abortError } from './abort.ts';

/** A pending callback. Disposing it twice, or after it fired, does nothing. */
export interface Timer extends Disposable {
  /** Lets the process exit although the timer is pending. */
  unref(): Timer;
}

export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number;
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Runs the callback when the current turn of the event loop has done its work. */
  afterTurn(callback: () => void): void;
  /** Resolves after the delay; rejects with an AbortError when the signal aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * Wraps a call that leaves the program (file system, process, network). Real time passes while it is pending, so
   * virtual time stands still until it has settled.
   */
  boundary<T>(call: Promise<T>): Promise<T>;
}

/** The time of an API object's timestamp: RFC 3339 in UTC with whole seconds. */
export function timestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}

/** The time of a MicroTime field (Lease, Event): RFC 3339 in UTC with six digits. */
export function microTimestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 23)}000Z`;
}

export function sleepOn(clock: Pick<Clock, 'setTimer'>, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const onAbort = () => {
      timer[Symbol.dispose]();
      reject(abortError(signal));
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** setTimeout overflows above this and fires at once. */
const longestTimeoutMs = 2 ** 31 - 1;

class RealTimer implements Timer {
  readonly #handle: NodeJS.Timeout;
  constructor(delayMs: number, callback: () => void) {
    this.#handle = setTimeout(callback, Math.min(Math.max(0, delayMs), longestTimeoutMs));
  }
  unref(): Timer {
    this.#handle.unref();
    return this;
  }
  [Symbol.dispose](): void {
    clearTimeout(this.#handle);
  }
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (delayMs, callback) => new RealTimer(delayMs, callback),
  afterTurn: (callback) => {
    setImmediate(callback);
  },
  sleep: (delayMs, signal) => sleepOn(realClock, delayMs, signal),
  boundary: (call) => call,
};
