/**
 * Keeps snapshots while volumes are restored from them. The provisioner's finalizer is put on a snapshot before
 * anybody is asked for a volume, and taken off when no claim that is filled from it waits for its volume: at that
 * claim's change, and for what nobody saw at each sweep. Upstream: setSnapshotFinalizer, SnapshotFinalizerController.
 */
import { keyOf, type PersistentVolumeClaim, persistentVolumeClaims, type VolumeSnapshot } from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import {
  type Client,
  done,
  type Informer,
  type ReconcileResult,
  requeueAfter,
  runReconciler,
  type WorkQueue,
} from '../../client/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import { claimsBySource, findDataSource, sourceKey } from './data-source.ts';
import { isBeingProvisioned } from './decide.ts';
import { type HeldSnapshots, isHeld } from './held-snapshots.ts';

export interface RestoreProtectionOptions {
  readonly client: Client;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly clock: Clock;
  readonly driver: CsiDriver;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly backoff: { readonly initialMs: number; readonly maxMs: number };
  readonly sweepIntervalMs: number;
}

/** A claim that no cache has shown may also go unseen. */
const unseenClaimMs = 10_000;

export interface RestoreProtection extends AsyncDisposable {
  /** Looks for snapshots that are kept for nobody, now and at each sweep. */
  watch(snapshots: Informer<VolumeSnapshot>): void;
}

export function startRestoreProtection(options: RestoreProtectionOptions, held: HeldSnapshots): RestoreProtection {
  const { claims, driver, clock, logger, metrics, backoff, sweepIntervalMs } = options;
  const stack = new AsyncDisposableStack();
  const queue = stack.use(
    runReconciler({
      name: `${driver.name}-restore-protection`,
      clock,
      logger,
      metrics,
      backoff,
      reconcile: (key, signal) => syncSnapshot(options, held, key, signal),
    }),
  );
  const enqueueSource = (claim: PersistentVolumeClaim) => {
    const source = findDataSource(claim);
    if (source?.kind === 'VolumeSnapshot') queue.add(`${claim.metadata.namespace}/${source.name}`);
  };
  claims.addHandler({
    onUpdate: (previous, claim) => {
      if (isBeingProvisioned(previous) && !isBeingProvisioned(claim)) enqueueSource(claim);
    },
    onDelete: enqueueSource,
  });
  return {
    watch: (snapshots) => {
      watchHeld(snapshots, queue);
      stack.use(sweepHeld(snapshots, queue, clock, sweepIntervalMs));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function watchHeld(snapshots: Informer<VolumeSnapshot>, queue: WorkQueue): void {
  snapshots.addHandler({
    onAdd: (snapshot) => {
      if (isHeld(snapshot)) queue.add(keyOf(snapshot));
    },
    onUpdate: (previous, snapshot) => {
      const isNewlyDeleted = snapshot.metadata.deletionTimestamp && !previous.metadata.deletionTimestamp;
      if (isNewlyDeleted && isHeld(snapshot)) queue.add(keyOf(snapshot));
    },
  });
}

function sweepHeld(
  snapshots: Informer<VolumeSnapshot>,
  queue: WorkQueue,
  clock: Clock,
  intervalMs: number,
): Disposable {
  const sweep = () => {
    for (const snapshot of snapshots.list()) if (isHeld(snapshot)) queue.add(keyOf(snapshot));
    timer = clock.setTimer(intervalMs, sweep);
  };
  let timer = clock.setTimer(intervalMs, sweep);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

async function syncSnapshot(
  { client, claims }: RestoreProtectionOptions,
  held: HeldSnapshots,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  // Its change, or its end, brings us back.
  if (claims.byIndex(claimsBySource, sourceKey('VolumeSnapshot', key)).some(isBeingProvisioned)) return done;
  const isNeeded = async ({ metadata }: VolumeSnapshot) => {
    // The finalizer may be that of another process, whose claim is not in this cache yet: only the server can say no.
    const { items } = await client.list(persistentVolumeClaims, { namespace: metadata.namespace, signal });
    return items.some((claim) => isRestoredFrom(claim, metadata.name) && isBeingProvisioned(claim));
  };
  return (await held.letGo(key, isNeeded, signal)) === 'kept' ? requeueAfter(unseenClaimMs) : done;
}

function isRestoredFrom(claim: PersistentVolumeClaim, name: string): boolean {
  const source = findDataSource(claim);
  return source?.kind === 'VolumeSnapshot' && source.name === name;
}
