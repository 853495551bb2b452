import type { QueueEntry } from './queue-entry.ts';

/** Pods that wait for an event, by the plugins that refused them, the longest waiting first. */
export class UnschedulablePods {
  readonly #entries = new Map<string, QueueEntry>();
  readonly #byPlugin = new Map<string, Set<QueueEntry>>();

  get size(): number {
    return this.#entries.size;
  }

  get(uid: string): QueueEntry | undefined {
    return this.#entries.get(uid);
  }

  add(entry: QueueEntry): void {
    this.delete(entry.uid);
    this.#entries.set(entry.uid, entry);
    for (const plugin of entry.refusedBy) {
      const entries = this.#byPlugin.get(plugin) ?? new Set();
      this.#byPlugin.set(plugin, entries.add(entry));
    }
  }

  delete(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    this.#entries.delete(uid);
    for (const plugin of entry.refusedBy) {
      const entries = this.#byPlugin.get(plugin);
      entries?.delete(entry);
      if (entries?.size === 0) this.#byPlugin.delete(plugin);
    }
  }

  /** Those that one of the plugins refused, each once. */
  refusedBy(plugins: Iterable<string>): ReadonlySet<QueueEntry> {
    const found = new Set<QueueEntry>();
    for (const plugin of plugins) for (const entry of this.#byPlugin.get(plugin) ?? []) found.add(entry);
    return found;
  }

  /** The one that has waited longest. */
  oldest(): QueueEntry | undefined {
    const [first] = this.#entries.values();
    return first;
  }

  /** How many of them may not even be tried. */
  countGated(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.gatedBy !== undefined) count++;
    return count;
  }

  clear(): void {
    this.#entries.clear();
    this.#byPlugin.clear();
  }
}
