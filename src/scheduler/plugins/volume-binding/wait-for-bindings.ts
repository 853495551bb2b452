/** Waits for claims to be bound, woken by their changes. */
import { keyOf, type PersistentVolumeClaim } from '../../../api/index.ts';
import { type Clock, TimeoutError, withDeadline } from '../../../base/index.ts';
import type { Informer } from '../../../client/index.ts';

/** The volumes of a pod cannot be bound for the node that was chosen: the pod must be placed anew. */
export class BindingError extends Error {
  override readonly name = 'BindingError';
}

export class BindingWait {
  readonly #clock: Clock;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock, claims: Informer<PersistentVolumeClaim>, timeoutMs: number) {
    this.#clock = clock;
    this.#claims = claims;
    this.#timeoutMs = timeoutMs;
    const wake = (claim: PersistentVolumeClaim) => {
      for (const look of this.#waiting.get(keyOf(claim)) ?? []) look();
    };
    claims.addHandler({ onAdd: wake, onUpdate: (_previous, current) => wake(current), onDelete: wake });
  }

  /** Resolves when the check holds for every claim; rejects with what the check throws, or a BindingError. */
  async untilBound(
    claims: readonly PersistentVolumeClaim[],
    isBound: (claim: PersistentVolumeClaim) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const what = `binding volumes of ${claims.map(keyOf).join(', ')}`;
      await withDeadline({ clock: this.#clock, timeoutMs: this.#timeoutMs, what, signal }, async (until) => {
        await Promise.all(claims.map((claim) => this.#untilOneIsBound(claim, isBound, until)));
      });
    } catch (thrown) {
      if (thrown instanceof TimeoutError)
        throw new BindingError(`binding volumes: ${thrown.message}`, { cause: thrown });
      throw thrown;
    }
  }

  #untilOneIsBound(
    claim: PersistentVolumeClaim,
    isBound: (claim: PersistentVolumeClaim) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const key = keyOf(claim);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      try {
        const current = this.#claims.get(key);
        if (!current || current.metadata.uid !== claim.metadata.uid) {
          throw new BindingError(`persistentvolumeclaim "${claim.metadata.name}" not found`);
        }
        if (isBound(current)) resolve();
      } catch (thrown) {
        reject(thrown);
      }
    };
    const stop = () => reject(signal.reason);
    const looks = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, looks.add(look));
    signal.addEventListener('abort', stop, { once: true });
    look();
    return promise.finally(() => {
      signal.removeEventListener('abort', stop);
      looks.delete(look);
      if (looks.size === 0) this.#waiting.delete(key);
    });
  }
}
