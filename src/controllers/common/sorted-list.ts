/** Items in order, in chunks of bounded size: adding, removing and finding cost the logarithm of the length. */

/** Small enough to shift cheaply, large enough that a hundred thousand items make few chunks. */
const maxChunkLength = 512;

/** Negative when `left` comes first, 0 only for the same item. */
export type Order<T> = (left: T, right: T) => number;

export class SortedList<T> {
  readonly #order: Order<T>;
  readonly #chunks: T[][] = [];
  #length = 0;

  constructor(order: Order<T>) {
    this.#order = order;
  }

  get length(): number {
    return this.#length;
  }

  add(item: T): void {
    const before = (other: T) => this.#order(other, item) < 0;
    const at = Math.min(this.#chunkAt(before), Math.max(0, this.#chunks.length - 1));
    const chunk = this.#chunks[at];
    this.#length++;
    if (!chunk) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(partition(chunk, before), 0, item);
    if (chunk.length > maxChunkLength) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
  }

  /** Removes the item that compares equal, if there is one. */
  delete(item: T): boolean {
    const before = (other: T) => this.#order(other, item) < 0;
    const at = this.#chunkAt(before);
    const chunk = this.#chunks[at];
    if (!chunk) return false;
    const index = partition(chunk, before);
    const found = chunk[index];
    if (found === undefined || this.#order(found, item) !== 0) return false;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#length--;
    return true;
  }

  /** The items in order, without those at the front for which `before` holds. */
  *ascending(before: (item: T) => boolean): Generator<T, void> {
    let at = this.#chunkAt(before);
    let index = partition(this.#chunks[at] ?? [], before);
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at] ?? [];
      for (; index < chunk.length; index++) yield chunk[index] as T;
    }
  }

  /** The items for which `before` holds, the last of them first. */
  *descending(before: (item: T) => boolean): Generator<T, void> {
    let at = this.#chunkAt(before);
    let index = partition(this.#chunks[at] ?? [], before) - 1;
    for (;;) {
      const chunk = this.#chunks[at] ?? [];
      for (; index >= 0; index--) yield chunk[index] as T;
      if (at === 0) return;
      at--;
      index = (this.#chunks[at]?.length ?? 0) - 1;
    }
  }

  /** The first chunk whose last item does not lie before. */
  #chunkAt(before: (item: T) => boolean): number {
    return partition(this.#chunks, (chunk) => before(chunk[chunk.length - 1] as T));
  }
}

/** How many items at the front satisfy the predicate, which must hold for a prefix of the items. */
function partition<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
