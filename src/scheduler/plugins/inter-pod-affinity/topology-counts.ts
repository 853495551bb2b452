import type { Labels } from '../../../api/index.ts';

/** A number for each topology domain, which is a node label and its value. Domains at zero are forgotten. */
export class TopologyCounts {
  readonly #domains = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#domains.size === 0;
  }

  /** Adds to the domain that a node with these labels is in; a node without the label is in none. */
  add(labels: Labels | undefined, topologyKey: string, amount: number): void {
    const value = labels?.[topologyKey];
    if (value === undefined) return;
    const domains = this.#domains.get(topologyKey) ?? new Map<string, number>();
    const count = (domains.get(value) ?? 0) + amount;
    if (count === 0) domains.delete(value);
    else domains.set(value, count);
    if (domains.size === 0) this.#domains.delete(topologyKey);
    else this.#domains.set(topologyKey, domains);
  }

  get(topologyKey: string, value: string): number {
    return this.#domains.get(topologyKey)?.get(value) ?? 0;
  }

  /** The sum over all domains that a node with these labels is in. */
  sum(labels: Labels | undefined): number {
    let sum = 0;
    for (const [topologyKey, domains] of this.#domains) {
      const value = labels?.[topologyKey];
      if (value !== undefined) sum += domains.get(value) ?? 0;
    }
    return sum;
  }

  /** Whether a node with these labels is in any domain that counts more than zero. */
  touches(labels: Labels | undefined): boolean {
    for (const [topologyKey, domains] of this.#domains) {
      const value = labels?.[topologyKey];
      if (value !== undefined && (domains.get(value) ?? 0) > 0) return true;
    }
    return false;
  }

  clone(): TopologyCounts {
    const copy = new TopologyCounts();
    for (const [topologyKey, domains] of this.#domains) copy.#domains.set(topologyKey, new Map(domains));
    return copy;
  }
}
