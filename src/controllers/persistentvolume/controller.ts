/**
 * The persistent volume controller: binds claims to volumes and carries out what becomes of a volume after its claim.
 * It owns the phases of both kinds, claimRef and the binding annotations; nothing else writes them.
 */
import {
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../api/index.ts';
import { DecisionLog } from '../../base/index.ts';
import { type Informer, runReconciler } from '../../client/index.ts';
import { claimHasNoClass, getClaimClass, isClaimBindCompleted } from '../../component-helpers/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addPodClaimIndex } from '../common/pod-claim-index.ts';
import { type ControllerOptions, every, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import type { BinderContext } from './binder-context.ts';
import { syncClaim } from './sync-claim.ts';
import { syncVolume } from './sync-volume.ts';
import { claimRefKey, VolumeCache } from './volume-cache.ts';
import { VolumeOffers } from './volume-offers.ts';

/** The name that its events carry. */
export const persistentVolumeControllerName = 'persistentvolume-controller';

/** A binding is four writes in a row, each waiting for the disk: many at once share the disk's syncs. */
const concurrentSyncs = 128;
const defaultSyncPeriodMs = 15_000;
const pendingByClass = 'persistentvolume/pending-by-class';
const pendingByVolume = 'persistentvolume/by-volume';

export interface PersistentVolumeControllerOptions extends ControllerOptions {
  /** How often everything unsettled is looked at again although nothing changed (`--pvclaimbinder-sync-period`). */
  readonly syncPeriodMs?: number;
}

export function startPersistentVolumeController(options: PersistentVolumeControllerOptions): AsyncDisposable {
  const { informers, clock, recorder, client } = options;
  const logger = options.logger.with({ component: persistentVolumeControllerName });
  const sources = {
    volumes: informers.informer(persistentVolumes),
    claims: informers.informer(persistentVolumeClaims),
    classes: informers.informer(storageClasses),
    pods: informers.informer(pods),
  };
  addPodClaimIndex(sources.pods);
  sources.claims.addIndex(pendingByClass, (claim) => (isClaimBindCompleted(claim) ? [] : [classIndexValue(claim)]));
  sources.claims.addIndex(pendingByVolume, (claim) => (claim.spec.volumeName ? [claim.spec.volumeName] : []));

  return startWhenSynced(informers, logger, (stack) => {
    const reconcilerOptions = { clock, logger, metrics: options.metrics, concurrency: concurrentSyncs };
    const volumeQueue = stack.use(
      runReconciler({
        ...reconcilerOptions,
        name: 'volumes',
        reconcile: (key, signal) => syncVolume(context, key, signal),
      }),
    );
    const claimQueue = stack.use(
      runReconciler({
        ...reconcilerOptions,
        name: 'claims',
        reconcile: (key, signal) => syncClaim(context, key, signal),
      }),
    );
    const volumes = new VolumeCache(sources.volumes);
    const context: BinderContext = {
      client,
      recorder,
      announcer: new Announcer(clock, recorder),
      decisions: options.decisions ?? new DecisionLog(clock),
      logger,
      volumes,
      claims: new WrittenCache(sources.claims),
      classes: sources.classes,
      pods: sources.pods,
      offers: new VolumeOffers(volumes, claimQueue),
      claimQueue,
      volumeQueue,
    };
    // Volumes first: what they become Available for is decided after.
    stack.use(watchVolumes(context, sources.volumes, sources.claims));
    stack.use(watchClaims(context, sources.claims));
    stack.use(watchClasses(context, sources.claims));
    stack.use(every(clock, options.syncPeriodMs ?? defaultSyncPeriodMs, () => resync(context)));
  });
}

/** Claims that say nothing about their class are looked for when a default class appears. */
function classIndexValue(claim: PersistentVolumeClaim): string {
  return claimHasNoClass(claim) ? '' : getClaimClass(claim);
}

function watchVolumes(
  context: BinderContext,
  volumes: Informer<PersistentVolume>,
  claims: Informer<PersistentVolumeClaim>,
): Disposable {
  const wake = (volume: PersistentVolume) => {
    context.volumeQueue.add(volume.metadata.name);
    const claimKey = claimRefKey(volume);
    if (claimKey !== undefined && context.claims.get(claimKey)) context.claimQueue.add(claimKey);
    for (const claim of claims.byIndex(pendingByVolume, volume.metadata.name)) context.claimQueue.add(keyOf(claim));
  };
  const observe = (volume: PersistentVolume) => {
    if (context.volumes.observe(volume)) wake(volume);
  };
  return volumes.addHandler({
    onAdd: observe,
    onUpdate: (previous, volume) => {
      observe(volume);
      // Whoever the volume was taken from must be looked at too.
      const before = claimRefKey(previous);
      if (before !== undefined && before !== claimRefKey(volume)) context.claimQueue.add(before);
    },
    onDelete: (last) => {
      context.volumes.observeDeletion(last);
      wake(last);
    },
  });
}

function watchClaims(context: BinderContext, claims: Informer<PersistentVolumeClaim>): Disposable {
  const wake = (claim: PersistentVolumeClaim) => {
    const key = keyOf(claim);
    context.claimQueue.add(key);
    for (const volume of context.volumes.reservedFor(key)) context.volumeQueue.add(volume.metadata.name);
    if (claim.spec.volumeName) context.volumeQueue.add(claim.spec.volumeName);
  };
  const observe = (claim: PersistentVolumeClaim) => {
    if (context.claims.observe(claim)) wake(claim);
  };
  return claims.addHandler({
    onAdd: observe,
    onUpdate: (_previous, claim) => observe(claim),
    onDelete: (last) => {
      context.claims.observeDeletion(last);
      wake(last);
    },
  });
}

/** A class that appears or changes decides what its claims wait for; a default class serves claims that named none. */
function watchClasses(context: BinderContext, claims: Informer<PersistentVolumeClaim>): Disposable {
  const wake = (className: string) => {
    for (const claim of claims.byIndex(pendingByClass, className)) context.claimQueue.add(keyOf(claim));
  };
  return context.classes.addHandler({
    onAdd: (storageClass, inInitialList) => {
      if (inInitialList) return;
      wake(storageClass.metadata.name);
      wake('');
    },
    onUpdate: (_previous, storageClass) => {
      wake(storageClass.metadata.name);
      wake('');
    },
  });
}

/** The safety net under the watches. What is settled is passed over without a run. */
function resync(context: BinderContext): void {
  for (const volume of context.volumes.list()) {
    if (!isVolumeSettled(context, volume)) context.volumeQueue.add(volume.metadata.name);
  }
  for (const claim of context.claims.list()) {
    if (!isClaimSettled(context, claim)) context.claimQueue.add(keyOf(claim));
  }
}

function isVolumeSettled({ claims }: BinderContext, volume: PersistentVolume): boolean {
  const claimKey = claimRefKey(volume);
  if (claimKey === undefined) return volume.status?.phase === 'Available';
  const claim = claims.get(claimKey);
  return (
    volume.status?.phase === 'Bound' &&
    claim?.spec.volumeName === volume.metadata.name &&
    claim.metadata.uid === volume.spec.claimRef?.uid
  );
}

function isClaimSettled({ volumes }: BinderContext, claim: PersistentVolumeClaim): boolean {
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName || !isClaimBindCompleted(claim)) return false;
  return volumes.get(claim.spec.volumeName)?.spec.claimRef?.uid === claim.metadata.uid;
}
