/**
 * A map whose keys are kept in order, so that reading the keys under a prefix costs what it returns. The order is kept
 * in chunks: an insertion moves one chunk's keys, however many there are in all.
 */
const chunkLimit = 512;

export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  /** Every key, in order; no chunk is empty. */
  readonly #chunks: string[][] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    const known = this.#values.has(key);
    this.#values.set(key, value);
    if (!known) this.#insert(key);
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The values of the keys that start with the prefix, in the order of keys. */
  under(prefix: string): V[] {
    const found: V[] = [];
    for (let at = this.#chunkOf(prefix); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      for (let i = lowerBound(chunk, prefix); i < chunk.length; i++) {
        const key = chunk[i] as string;
        if (!key.startsWith(prefix)) return found;
        found.push(this.#values.get(key) as V);
      }
    }
    return found;
  }

  #insert(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > chunkLimit) this.#chunks.splice(at + 1, 0, chunk.splice(chunkLimit / 2));
  }

  /** The last chunk that starts at or before the key; the first one when all start after it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.[0] as string) <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The first position whose key is not before the given one. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
