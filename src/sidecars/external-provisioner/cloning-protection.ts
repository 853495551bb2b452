/**
 * Lets a claim go that was cloned: the finalizer that the provisioner put on it is taken off once the claim is being
 * deleted and no claim that is filled from it waits for its volume. Upstream: external-provisioner
 * CloningProtectionController, which asks its cache.
 */
import { isNotFound, keyOf, type PersistentVolumeClaim, persistentVolumeClaims } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import {
  type Client,
  done,
  type Informer,
  type ReconcileResult,
  runReconciler,
  type WorkQueue,
} from '../../client/index.ts';
import { cloningProtectionFinalizer } from '../../component-helpers/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import { findDataSource } from './data-source.ts';
import { isBeingProvisioned } from './decide.ts';

export interface CloningProtectionOptions {
  readonly client: Client;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly clock: Clock;
  readonly driver: CsiDriver;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly backoff: { readonly initialMs: number; readonly maxMs: number };
}

export function startCloningProtection(options: CloningProtectionOptions): WorkQueue & AsyncDisposable {
  const { claims, driver, clock, logger, metrics, backoff } = options;
  const queue = runReconciler({
    name: `${driver.name}-cloning-protection`,
    clock,
    logger,
    metrics,
    backoff,
    reconcile: (key, signal) => syncSource(options, key, signal),
  });
  const onChange = (claim: PersistentVolumeClaim) => {
    if (isHeld(claim)) queue.add(keyOf(claim));
    const source = findDataSource(claim);
    if (source?.kind !== 'PersistentVolumeClaim') return;
    const held = claims.get(`${claim.metadata.namespace}/${source.name}`);
    if (held && isHeld(held)) queue.add(keyOf(held));
  };
  claims.addHandler({ onAdd: onChange, onUpdate: (_previous, claim) => onChange(claim), onDelete: onChange });
  return queue;
}

/** Whether the claim is gone but for those that are filled from it, and perhaps others. */
function isHeld({ metadata }: PersistentVolumeClaim): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(cloningProtectionFinalizer) === true;
}

/** A claim that is filled from the source and waits for its volume. Pure. */
export function findUnfinishedClone(
  source: PersistentVolumeClaim,
  claims: readonly PersistentVolumeClaim[],
): PersistentVolumeClaim | undefined {
  return claims.find((claim) => {
    const from = findDataSource(claim);
    return (
      from?.kind === 'PersistentVolumeClaim' &&
      from.name === source.metadata.name &&
      claim.metadata.namespace === source.metadata.namespace &&
      isBeingProvisioned(claim)
    );
  });
}

/** The server is asked: no claim that waits may be missed because it is new. */
async function syncSource(
  { claims, client, logger }: CloningProtectionOptions,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const source = claims.get(key);
  if (!source || !isHeld(source)) return done;
  const { namespace, uid } = source.metadata;
  const { items } = await client.list(persistentVolumeClaims, { namespace, signal });
  const unfinished = findUnfinishedClone(source, items);
  if (unfinished) {
    // Its change, or its end, brings us back.
    logger.debug('a claim that is deleted is still being cloned', { claim: key, clone: keyOf(unfinished) });
    return done;
  }
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [cloningProtectionFinalizer] } };
  try {
    await client.patch(persistentVolumeClaims, source.metadata, { type: 'strategic', body }, { signal });
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
  return done;
}
