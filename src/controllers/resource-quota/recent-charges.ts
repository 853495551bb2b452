/**
 * What was charged to each quota a moment ago. The objects that a charge was for are written just after it, so that a
 * count may miss them: what was charged recently is not given back yet.
 */
import { addLists, increaseOver, type ResourceList } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';

/** Far longer than the server takes from a charge to the object that it is for. */
export const settleMs = 1_000;

interface Charge {
  readonly amounts: ResourceList;
  readonly atMs: number;
}

export class RecentCharges {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #charges = new Map<string, Charge[]>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Of a quota that is seen for the first time, all that is used may have been charged just now. */
  observe(key: string, used: ResourceList = {}, before: ResourceList = {}): void {
    const amounts = increaseOver(used, before);
    if (Object.keys(amounts).length === 0) return;
    const charges = this.#unsettled(key);
    charges.push({ amounts, atMs: this.#clock.monotonic() });
    this.#charges.set(key, charges);
  }

  /** The sum of what may still be under way. */
  of(key: string): ResourceList {
    return this.#unsettled(key).reduce<ResourceList>((sum, { amounts }) => addLists(sum, amounts), {});
  }

  forget(key: string): void {
    this.#charges.delete(key);
  }

  #unsettled(key: string): Charge[] {
    const oldestMs = this.#clock.monotonic() - settleMs;
    const charges = (this.#charges.get(key) ?? []).filter(({ atMs }) => atMs > oldestMs);
    if (charges.length > 0) this.#charges.set(key, charges);
    else this.#charges.delete(key);
    return charges;
  }
}
