/**
 * When a provisioner of one node tries to get a claim that all of them could have: each after a time of its own, so
 * that they do not all write at once, and later each time that it came to nothing.
 */
import type { Clock, Random } from '../../base/index.ts';
import type { NodeDeployment } from './node-deployment.ts';

interface Turn {
  readonly atMs: number;
  readonly tries: number;
}

export interface VolunteersOptions extends Pick<NodeDeployment, 'baseDelayMs' | 'maxDelayMs'> {
  readonly clock: Clock;
  readonly random: Random;
}

export class Volunteers {
  readonly #options: VolunteersOptions;
  /** By the claims' uids. */
  readonly #turns = new Map<string, Turn>();

  constructor(options: VolunteersOptions) {
    this.#options = options;
  }

  /** How long the claim's turn is away, in milliseconds. */
  waitMs(claimUid: string): number {
    const turn = this.#turns.get(claimUid) ?? this.#next(claimUid, 0);
    return Math.max(0, turn.atMs - this.#options.clock.monotonic());
  }

  /** The turn came to nothing: there will be another, in so many milliseconds. */
  again(claimUid: string): number {
    this.#next(claimUid, (this.#turns.get(claimUid)?.tries ?? 0) + 1);
    return this.waitMs(claimUid);
  }

  /** The claim is taken, or gone. */
  forget(claimUid: string): void {
    this.#turns.delete(claimUid);
  }

  /** Upstream: rateLimiterWithJitter When. */
  #next(claimUid: string, tries: number): Turn {
    const { clock, random, baseDelayMs, maxDelayMs } = this.#options;
    const longestMs = Math.min(baseDelayMs * 2 ** tries, maxDelayMs);
    const delayMs = Math.max(0, longestMs - random.next() * baseDelayMs);
    const turn = { atMs: clock.monotonic() + delayMs, tries };
    this.#turns.set(claimUid, turn);
    return turn;
  }
}
