/** What claims are filled from: keeps it while it is needed, and brings claims back that wait for it. */
import {
  isForbidden,
  keyOf,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  type VolumeSnapshot,
  volumeSnapshots,
} from '../../api/index.ts';
import type { Clock, Logger } from '../../base/index.ts';
import type { Client, Informer, InformerFactory, WorkQueue } from '../../client/index.ts';
import { ControllerCapability } from '../../csi/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { CsiDriver } from '../common/driver.ts';
import { startCloningProtection } from './cloning-protection.ts';
import { claimsBySource, sourceKey } from './data-source.ts';
import type { HeldSnapshots } from './held-snapshots.ts';
import { startRestoreProtection } from './restore-protection.ts';

export interface SourcesOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly backoff: { readonly initialMs: number; readonly maxMs: number };
  readonly sweepIntervalMs: number;
  readonly heldSnapshots: HeldSnapshots;
  /** The claims to provision. */
  readonly claimQueue: WorkQueue;
}

export function startSources(options: SourcesOptions): AsyncDisposable {
  const { informers, driver, claimQueue, heldSnapshots } = options;
  const claims = informers.informer(persistentVolumeClaims);
  const stack = new AsyncDisposableStack();
  if (driver.controllerCapabilities.has(ControllerCapability.CLONE_VOLUME)) {
    stack.use(startCloningProtection({ ...options, claims }));
    wakeClones(claims, claimQueue);
  }
  if (driver.controllerCapabilities.has(ControllerCapability.CREATE_DELETE_SNAPSHOT)) {
    const protection = stack.use(startRestoreProtection({ ...options, claims }, heldSnapshots));
    stack.use(
      whenAllowed(options, () => {
        const snapshots = informers.informer(volumeSnapshots);
        protection.watch(snapshots);
        wakeRestores(claims, snapshots, claimQueue);
        informers.start();
      }),
    );
  }
  return stack;
}

/**
 * Upstream's sidecar does without the right to list and watch snapshots. Claims are restored all the same, only later
 * where they have to wait; an informer that is refused would keep everybody waiting who waits for all caches.
 */
function whenAllowed({ client, logger }: SourcesOptions, watchSnapshots: () => void): AsyncDisposable {
  const stop = new AbortController();
  const asked = client.list(volumeSnapshots, { limit: 1, signal: stop.signal }).then(
    () => true,
    (thrown: unknown) => !isForbidden(thrown),
  );
  const watching = asked.then((isAllowed) => {
    if (stop.signal.aborted) return;
    if (isAllowed) watchSnapshots();
    else logger.info('snapshots cannot be watched: those kept for nobody are not looked for');
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await watching;
    },
  };
}

/** A claim that is filled from another waits until that one has its volume. */
function wakeClones(claims: Informer<PersistentVolumeClaim>, queue: WorkQueue): void {
  const wake = (source: PersistentVolumeClaim) => {
    for (const clone of claims.byIndex(claimsBySource, sourceKey('PersistentVolumeClaim', keyOf(source))))
      if (!clone.spec.volumeName) queue.add(keyOf(clone));
  };
  claims.addHandler({
    onAdd: wake,
    onUpdate: (previous, source) => {
      if (previous.status?.phase !== source.status?.phase) wake(source);
    },
  });
}

/** A claim that is restored waits until the snapshot is ready. */
function wakeRestores(
  claims: Informer<PersistentVolumeClaim>,
  snapshots: Informer<VolumeSnapshot>,
  queue: WorkQueue,
): void {
  const wake = (snapshot: VolumeSnapshot) => {
    for (const restored of claims.byIndex(claimsBySource, sourceKey('VolumeSnapshot', keyOf(snapshot))))
      if (!restored.spec.volumeName) queue.add(keyOf(restored));
  };
  const stateOf = ({ status }: VolumeSnapshot) => `${status?.readyToUse} ${status?.boundVolumeSnapshotContentName}`;
  snapshots.addHandler({
    onAdd: wake,
    onUpdate: (previous, snapshot) => {
      if (stateOf(previous) !== stateOf(snapshot)) wake(snapshot);
    },
  });
}
