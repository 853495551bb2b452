/**
 * Pods that wait for nothing but claims being provisioned right now. They are not reported as unschedulable at first:
 * most claims are bound by then, and nobody needs a warning about them.
 */
import type { Clock } from '../base/index.ts';

const claimGraceMs = 1000;

export class ClaimGrace {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** When each pod was first found waiting, by uid. */
  readonly #since = new Map<string, number>();
  readonly #retry: (uid: string) => void;

  /** `retry` is called when a pod's grace ends, so that it is tried again and told. */
  constructor(options: { readonly clock: Clock; readonly signal: AbortSignal; retry(uid: string): void }) {
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#retry = options.retry;
  }

  /** Whether the pod's claims still have their time; it begins with the first question. */
  covers(uid: string): boolean {
    const since = this.#since.get(uid);
    if (since !== undefined) return this.#clock.now() - since < claimGraceMs;
    this.#since.set(uid, this.#clock.now());
    void this.#clock.sleep(claimGraceMs, this.#signal).then(
      () => {
        if (this.#since.has(uid)) this.#retry(uid);
      },
      () => {},
    );
    return true;
  }

  forget(uid: string): void {
    this.#since.delete(uid);
  }
}
