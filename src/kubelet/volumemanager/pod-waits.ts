import type { Pod } from '../../api/index.ts';
import { type Clock, onAbort, TimeoutError, withDeadline } from '../../base/index.ts';
import { VolumesNotReadyError } from './volume-manager.ts';

/** Upstream's podAttachAndMountTimeout. */
const podWaitTimeoutMs = 123_000;

export interface PodWaitsOptions {
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  /** What a wait that ran out of time says. */
  readonly describe: (pod: Pod) => string;
}

/** Who waits for a pod's volumes. Conditions are looked at again whenever something changed. */
export class PodWaits {
  readonly #options: PodWaitsOptions;
  readonly #waiters = new Set<() => void>();

  constructor(options: PodWaitsOptions) {
    this.#options = options;
  }

  changed(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** Rejects with VolumesNotReadyError at the deadline, and with an AbortError when a signal aborts. */
  async until(pod: Pod, condition: () => boolean, signal: AbortSignal): Promise<void> {
    const { clock, stopping, describe } = this.#options;
    const what = `volumes of pod ${pod.metadata.namespace}/${pod.metadata.name}`;
    const either = AbortSignal.any([signal, stopping]);
    try {
      await withDeadline({ clock, timeoutMs: podWaitTimeoutMs, what, signal: either }, (inner) =>
        this.#until(condition, inner),
      );
    } catch (thrown) {
      if (!(thrown instanceof TimeoutError)) throw thrown;
      throw new VolumesNotReadyError(describe(pod), { cause: thrown });
    }
  }

  #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let aborted: Disposable | undefined;
      const check = () => {
        if (!signal.aborted && !condition()) return;
        this.#waiters.delete(check);
        aborted?.[Symbol.dispose]();
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.#waiters.add(check);
      aborted = onAbort(signal, check);
      check();
    });
  }
}
