/**
 * The state of a work queue: which keys wait and which run. A key waits at most once, never runs twice at a time, and
 * runs once more when it was added while it ran.
 * Upstream: client-go util/workqueue/queue.go.
 */
export class KeyQueue {
  /** Waiting keys that do not run at present, in the order of arrival. */
  #waiting: string[] = [];
  #head = 0;
  /** Keys that need a run: those that wait, and those that were added while they ran. */
  readonly #dirty = new Set<string>();
  readonly #running = new Set<string>();

  /** Keys waiting or running. */
  get length(): number {
    return this.#waiting.length - this.#head + this.#running.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Whether next() would return a key. */
  get ready(): boolean {
    return this.#head < this.#waiting.length;
  }

  add(key: string): void {
    if (this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#running.has(key)) this.#waiting.push(key);
  }

  /** Takes the key that waited longest; it counts as running until done() is told. */
  next(): string | undefined {
    const key = this.#waiting[this.#head];
    if (key === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    this.#dirty.delete(key);
    this.#running.add(key);
    return key;
  }

  done(key: string): void {
    this.#running.delete(key);
    if (this.#dirty.has(key)) this.#waiting.push(key);
  }

  /** Forgets what waits; what runs is still told by done(). */
  clear(): void {
    this.#waiting = [];
    this.#head = 0;
    this.#dirty.clear();
  }
}
