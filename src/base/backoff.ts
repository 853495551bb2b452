/** Exponential back-off per key: the n-th failure waits `initialMs * factor^(n-1)`, at most `maxMs`. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor?: number;
}

/** The delay after the given number of failures in a row; 0 after none. */
export function backoffMs(options: BackoffOptions, failures: number): number {
  if (failures <= 0) return 0;
  const delay = options.initialMs * (options.factor ?? 2) ** (failures - 1);
  return Math.min(delay, options.maxMs);
}

/** Counts failures per key. A key that succeeds is forgotten, so the map holds failing keys only. */
export class Backoff<K> {
  readonly #options: BackoffOptions;
  readonly #failures = new Map<K, number>();

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Records a failure and returns how long to wait before the next try, in milliseconds. */
  next(key: K): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return backoffMs(this.#options, failures);
  }

  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }
}
