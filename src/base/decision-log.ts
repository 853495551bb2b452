/**
 * The decision last taken on each object: what `explain`, the console and /debug/decisions read, so that nobody has to
 * guess from events why something waits.
 */
import type { Clock } from './clock.ts';

export interface LoggedDecision {
  readonly decision: object;
  /** When the decision became what it is, in milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** The oldest decisions are forgotten beyond this: memory must not grow with the age of a cluster. */
const maxDecisions = 20_000;

export class DecisionLog {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #decisions = new Map<string, LoggedDecision & { readonly sameness: string }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Records what was decided on the object. `sameness` tells whether it is the decision of before; its time then stays. */
  record(key: string, sameness: string, decision: object): void {
    if (this.#decisions.get(key)?.sameness === sameness) return;
    this.#decisions.delete(key);
    this.#decisions.set(key, { decision, sinceMs: this.#clock.now(), sameness });
    if (this.#decisions.size > maxDecisions) {
      for (const oldest of this.#decisions.keys()) {
        this.#decisions.delete(oldest);
        break;
      }
    }
  }

  get(key: string): LoggedDecision | undefined {
    return this.#decisions.get(key);
  }

  /** The keys that begin with the prefix, sorted. */
  keys(prefix = ''): readonly string[] {
    return [...this.#decisions.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  forget(key: string): void {
    this.#decisions.delete(key);
  }
}
