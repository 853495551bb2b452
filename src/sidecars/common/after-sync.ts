/** Nothing is decided on caches of which some are still empty. */
import { abortError, onAbort } from '../../base/index.ts';
import type { Reconcile } from '../../client/index.ts';

/** A cache as it is waited for. */
export interface Synced {
  /** Whether it has been filled once. */
  readonly hasSynced: boolean;
  /** Resolves then. */
  readonly synced: Promise<void>;
}

/** Resolves when all have been filled once; rejects when the signal aborts before. */
export async function untilSynced(caches: readonly Synced[], signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  using _listening = onAbort(signal, () => reject(abortError(signal)));
  await Promise.race([Promise.all(caches.map(({ synced }) => synced)), aborted]);
}

/**
 * Keys wait until these caches have been filled once. Only those that the decision is taken on are named: a kind that
 * another role of the process may not read must not stop this one.
 */
export function afterSync(caches: readonly Synced[], reconcile: Reconcile): Reconcile {
  return async (key, signal) => {
    if (caches.some(({ hasSynced }) => !hasSynced)) await untilSynced(caches, signal);
    return await reconcile(key, signal);
  };
}
