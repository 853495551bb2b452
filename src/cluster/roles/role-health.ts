/**
 * What a role says of itself to probes: that its lease is not long expired, and that it sees the cluster. A candidate
 * that waits for the lease is well and ready. Upstream: leaderelection/healthzadaptor.go, InformerSyncHealthz.
 */
import type { Clock } from '../../base/index.ts';
import type { HealthCheck } from '../serving/pages.ts';

/** Upstream's tolerance: a leader this long past the end of its lease hangs. */
const toleratedMs = 20_000;

export class RoleHealth {
  readonly #clock: Clock;
  #lease: { readonly name: string; readonly durationMs: number; heldMs: number } | undefined;
  #state: 'waiting' | 'starting' | 'synced' = 'waiting';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  held(name: string, durationMs: number): void {
    this.#lease = { name, durationMs, heldMs: this.#clock.monotonic() };
  }

  /** The role leads no longer. */
  ended(): void {
    this.#lease = undefined;
    this.#state = 'waiting';
  }

  starting(): void {
    this.#state = 'starting';
  }

  synced(): void {
    this.#state = 'synced';
  }

  /** What is wrong with the lease. */
  leaseProblem(): string | undefined {
    if (!this.#lease) return undefined;
    const { name, durationMs, heldMs } = this.#lease;
    const isExpired = this.#clock.monotonic() - heldMs > durationMs + toleratedMs;
    return isExpired ? `failed election to renew leadership on lease ${name}` : undefined;
  }

  get checks(): readonly HealthCheck[] {
    return [
      { name: 'leaderElection', problem: () => this.leaseProblem() },
      {
        name: 'informer-sync',
        probe: 'readyz',
        problem: () => (this.#state === 'starting' ? 'informers not synced' : undefined),
      },
    ];
  }
}
