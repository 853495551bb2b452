/** A priority queue whose items can be replaced and removed by key, in logarithmic time. */
export class KeyedHeap<T> {
  readonly #keyOf: (item: T) => string;
  readonly #compare: (a: T, b: T) => number;
  readonly #items: T[] = [];
  readonly #positions = new Map<string, number>();

  constructor(keyOf: (item: T) => string, compare: (a: T, b: T) => number) {
    this.#keyOf = keyOf;
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds the item, or puts it in the place of the one with its key. */
  set(item: T): void {
    const position = this.#positions.get(this.#keyOf(item));
    if (position === undefined) {
      this.#put(this.#items.length, item);
      this.#up(this.#items.length - 1);
      return;
    }
    this.#put(position, item);
    this.#down(this.#up(position));
  }

  delete(key: string): boolean {
    const position = this.#positions.get(key);
    if (position === undefined) return false;
    this.#positions.delete(key);
    const last = this.#items.pop() as T;
    if (position < this.#items.length) {
      this.#put(position, last);
      this.#down(this.#up(position));
    }
    return true;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(this.#keyOf(first));
    return first;
  }

  clear(): void {
    this.#items.length = 0;
    this.#positions.clear();
  }

  #put(position: number, item: T): void {
    this.#items[position] = item;
    this.#positions.set(this.#keyOf(item), position);
  }

  #isBefore(a: number, b: number): boolean {
    return this.#compare(this.#items[a] as T, this.#items[b] as T) < 0;
  }

  #swap(a: number, b: number): void {
    const first = this.#items[a] as T;
    this.#put(a, this.#items[b] as T);
    this.#put(b, first);
  }

  #up(from: number): number {
    let position = from;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#isBefore(position, parent)) break;
      this.#swap(position, parent);
      position = parent;
    }
    return position;
  }

  #down(from: number): void {
    let position = from;
    for (;;) {
      const left = 2 * position + 1;
      const right = left + 1;
      let first = position;
      if (left < this.#items.length && this.#isBefore(left, first)) first = left;
      if (right < this.#items.length && this.#isBefore(right, first)) first = right;
      if (first === position) return;
      this.#swap(position, first);
      position = first;
    }
  }
}
