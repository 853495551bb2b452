/**
 * The loop that every controller is: keys come in through a queue, one call at a time runs per key, many keys run side
 * by side, failures come back with back-off.
 */

/** What a reconcile found: nothing more to do, or to look again after a time although nothing may have changed. */
export type ReconcileResult = { readonly kind: 'done' } | { readonly kind: 'requeueAfter'; readonly delayMs: number };

export const done: ReconcileResult = { kind: 'done' };

export function requeueAfter(delayMs: number): ReconcileResult {
  return { kind: 'requeueAfter', delayMs };
}

/** Reads all needed state by key, decides, acts. A throw requeues the key with exponential back-off. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/** Keys to reconcile. Adding a key that waits already changes nothing; adding one that runs makes it run once more. */
export interface WorkQueue {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
  /** Keys waiting or running. */
  readonly length: number;
}
