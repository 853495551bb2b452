/** Amounts of resources as numbers: CPU in thousandths of a core, all others in whole units. Exact to 2^53. */
import { quantityMilliValue, quantityValue } from '../../api/index.ts';

type Quantities = Readonly<Record<string, string>> | undefined;

export interface ResourceAmounts {
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  /** Extended resources, huge pages and attachable volumes, by name. */
  readonly scalars: ReadonlyMap<string, number>;
}

export class Resource implements ResourceAmounts {
  milliCpu = 0;
  memoryBytes = 0;
  ephemeralStorageBytes = 0;
  readonly scalars = new Map<string, number>();

  static of(quantities: Quantities): Resource {
    return new Resource().addQuantities(quantities);
  }

  addQuantities(quantities: Quantities): this {
    if (quantities) for (const name in quantities) this.addAmount(name, amountOf(name, quantities[name] ?? '0'));
    return this;
  }

  add(other: ResourceAmounts, sign: 1 | -1 = 1): this {
    this.milliCpu += sign * other.milliCpu;
    this.memoryBytes += sign * other.memoryBytes;
    this.ephemeralStorageBytes += sign * other.ephemeralStorageBytes;
    for (const [name, amount] of other.scalars) {
      const sum = (this.scalars.get(name) ?? 0) + sign * amount;
      if (sum === 0 && sign < 0) this.scalars.delete(name);
      else this.scalars.set(name, sum);
    }
    return this;
  }

  /** The larger of both, per resource. */
  max(other: ResourceAmounts): this {
    this.milliCpu = Math.max(this.milliCpu, other.milliCpu);
    this.memoryBytes = Math.max(this.memoryBytes, other.memoryBytes);
    this.ephemeralStorageBytes = Math.max(this.ephemeralStorageBytes, other.ephemeralStorageBytes);
    for (const [name, amount] of other.scalars) this.scalars.set(name, Math.max(this.scalars.get(name) ?? 0, amount));
    return this;
  }

  addAmount(name: string, amount: number): void {
    switch (name) {
      case 'cpu':
        this.milliCpu += amount;
        return;
      case 'memory':
        this.memoryBytes += amount;
        return;
      case 'ephemeral-storage':
        this.ephemeralStorageBytes += amount;
        return;
      default:
        this.scalars.set(name, (this.scalars.get(name) ?? 0) + amount);
    }
  }

  /** Replaces what is known of one resource. */
  setAmount(name: string, amount: number): void {
    switch (name) {
      case 'cpu':
        this.milliCpu = amount;
        return;
      case 'memory':
        this.memoryBytes = amount;
        return;
      case 'ephemeral-storage':
        this.ephemeralStorageBytes = amount;
        return;
      default:
        this.scalars.set(name, amount);
    }
  }

  clone(): Resource {
    return new Resource().add(this);
  }
}

/** A quantity in the unit that Resource counts the resource in. */
export function amountOf(name: string, quantity: string): number {
  return Number(name === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity));
}
