/** Runs work one at a time per key and in the order of arrival; different keys run side by side. */
export class KeyLock<K> {
  readonly #tails = new Map<K, Promise<void>>();

  async run<T>(key: K, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, done);
    await before;
    try {
      return await work();
    } finally {
      if (this.#tails.get(key) === done) this.#tails.delete(key);
      resolve();
    }
  }

  /** Whether work on the key is running or waiting. */
  busy(key: K): boolean {
    return this.#tails.has(key);
  }
}
