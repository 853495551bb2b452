/**
 * The persistent volume controller: binds claims to volumes and carries out what becomes of a volume after its claim.
 * It owns the phases of both kinds, claimRef and the binding annotations; nothing else writes them.
 */
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../api/index.ts';
import { DecisionLog, unreachable } from '../../base/index.ts';
import { requeueAfter, runReconciler } from '../../client/index.ts';
import { findMigratedDriver } from '../../component-helpers/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { ControllerPlugins } from '../../volume-plugins/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addPodClaimIndex } from '../common/pod-claim-index.ts';
import { type ControllerOptions, every, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import type { BinderContext } from './binder-context.ts';
import { deleteVolume } from './delete-volume.ts';
import { BinderMetrics, countObjects } from './metrics.ts';
import { type OperationKind, VolumeOperations } from './operations.ts';
import { provisionClaim } from './provision-claim.ts';
import type { MigratedDriver } from './provisioners.ts';
import { recycleVolume } from './recycle-volume.ts';
import { RecyclerPods } from './recycler-pods.ts';
import { resync } from './resync.ts';
import { syncClaim } from './sync-claim.ts';
import { syncVolume } from './sync-volume.ts';
import { intentAgeMs, undoIntents } from './undo-intents.ts';
import { VolumeCache } from './volume-cache.ts';
import { VolumeOffers } from './volume-offers.ts';
import { addClaimIndexes, watchClaims, watchClasses, watchPods, watchVolumes } from './watches.ts';

/** The name that its events carry. */
export const persistentVolumeControllerName = 'persistentvolume-controller';

/** A binding is four writes in a row, each waiting for the disk: many at once share the disk's syncs. */
const concurrentSyncs = 128;
const defaultSyncPeriodMs = 15_000;

export interface PersistentVolumeControllerOptions extends ControllerOptions {
  /** How often everything unsettled is looked at again although nothing changed (`--pvclaimbinder-sync-period`). */
  readonly syncPeriodMs?: number;
  /** The plugins of this process that provision, delete and recycle; by default none does any of it. */
  readonly plugins?: ControllerPlugins;
  /** `--enable-dynamic-provisioning`, true by default. */
  readonly dynamicProvisioning?: boolean;
  /** In-tree plugins that a CSI driver took over; by default those that Kubernetes knows. */
  readonly migratedDriver?: MigratedDriver;
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
  addClaimIndexes(sources.claims);

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
    const operations = stack.use(
      new VolumeOperations({ clock, logger, run: (kind, key, signal) => runOperation(context, kind, key, signal) }),
    );
    const registry = options.metrics ?? new MetricsRegistry();
    const volumes = new VolumeCache(sources.volumes);
    const context: BinderContext = {
      client,
      clock,
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
      provisioners: {
        plugins: options.plugins ?? new ControllerPlugins([]),
        migratedDriver: options.migratedDriver ?? findMigratedDriver,
        dynamicProvisioning: options.dynamicProvisioning ?? true,
      },
      operations,
      recyclers: stack.use(new RecyclerPods({ client, recorder, logger })),
      metrics: new BinderMetrics(registry, clock),
    };
    const { plugins } = context.provisioners;
    const { claims } = context;
    stack.use(countObjects(registry, { plugins, volumes: () => volumes.list(), claims: () => claims.list() }));
    // Volumes first: what they become Available for is decided after.
    stack.use(watchVolumes(context, sources.volumes, sources.claims));
    stack.use(watchClaims(context, sources.claims));
    stack.use(watchClasses(context, sources.claims));
    stack.use(watchPods(context));
    stack.use(watchIntents(context));
    stack.use(every(clock, options.syncPeriodMs ?? defaultSyncPeriodMs, () => resync(context)));
  });
}

/** At the start, and ever again: another process may die while this one waits to lead. */
function watchIntents({ client, clock, logger, provisioners }: BinderContext): AsyncDisposable {
  const queue = runReconciler({
    name: 'provisioning_intents',
    clock,
    logger,
    reconcile: async (name, signal) => {
      const intents = provisioners.plugins.findByName(name)?.intents;
      if (intents) await undoIntents({ client, clock }, intents, signal);
      return requeueAfter(intentAgeMs);
    },
  });
  for (const name of provisioners.plugins.namesWithIntents()) queue.add(name);
  return queue;
}

function runOperation(context: BinderContext, kind: OperationKind, key: string, signal: AbortSignal): Promise<void> {
  switch (kind) {
    case 'provision':
      return provisionClaim(context, key, signal);
    case 'delete':
      return deleteVolume(context, key, signal);
    case 'recycle':
      return recycleVolume(context, key, signal);
    default:
      return unreachable(kind, 'operation');
  }
}
