/** What plugins remember about one pod between the steps of one attempt, under their names. */

/** A value that AddPod and RemovePod change: preemption works on copies of it. */
interface Cloneable {
  clone(): unknown;
}

export class CycleState {
  readonly #values: Map<string, unknown>;

  constructor(values: Iterable<readonly [string, unknown]> = []) {
    this.#values = new Map(values);
  }

  write(key: string, value: unknown): void {
    this.#values.set(key, value);
  }

  read<T>(key: string): T | undefined {
    return this.#values.get(key) as T | undefined;
  }

  /** A copy to try changes on. Values with a `clone` method are cloned, all others shared. */
  clone(): CycleState {
    const copy = new CycleState(this.#values);
    for (const [key, value] of this.#values) if (isCloneable(value)) copy.write(key, value.clone());
    return copy;
  }
}

function isCloneable(value: unknown): value is Cloneable {
  return typeof value === 'object' && value !== null && 'clone' in value && typeof value.clone === 'function';
}
