import type { InformerFactory, Reconcile } from '../../client/index.ts';

/** Nothing is decided on caches of which some are still empty: keys wait until all have been filled once. */
export function afterSync(informers: InformerFactory, reconcile: Reconcile): Reconcile {
  let isSynced = false;
  return async (key, signal) => {
    if (!isSynced) await informers.waitForSync(signal);
    isSynced = true;
    return await reconcile(key, signal);
  };
}
