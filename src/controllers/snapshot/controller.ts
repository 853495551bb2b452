/**
 * The snapshot controller: gives VolumeSnapshots their contents, and both back. It calls no driver: the snapshotter of
 * the driver takes and deletes the snapshots of contents. Upstream: external-snapshotter pkg/common-controller.
 */
import {
  keyOf,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { DecisionLog } from '../../base/index.ts';
import { type Reconcile, runReconciler, type WorkQueue } from '../../client/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { Announcer } from '../common/announcer.ts';
import { type ControllerOptions, every, startWhenSynced } from '../common/start-controller.ts';
import { byClaim, byClass, byContent, byRestoredSnapshot, decisionKey, type SnapshotContext } from './context.ts';
import { SnapshotMetrics } from './metrics.ts';
import { contentNamesOf, isProtectedClaim, restoredSnapshotsOf, sourceClaimKey } from './snapshot-state.ts';
import { syncClaim } from './sync-claim.ts';
import { syncContent } from './sync-content.ts';
import { syncSnapshot } from './sync-snapshot.ts';

export const snapshotControllerName = 'snapshot-controller';

/** Upstream's flags of the same names. */
export interface SnapshotControllerSettings {
  /** Snapshots, contents and claims worked on at a time, each. */
  readonly workerThreads: number;
  readonly resyncPeriodMs: number;
  readonly retryIntervalStartMs: number;
  readonly retryIntervalMaxMs: number;
  readonly distributedSnapshotting: boolean;
  readonly preventVolumeModeConversion: boolean;
}

export const defaultSnapshotControllerSettings: SnapshotControllerSettings = {
  workerThreads: 10,
  resyncPeriodMs: 15 * 60_000,
  retryIntervalStartMs: 1_000,
  retryIntervalMaxMs: 5 * 60_000,
  distributedSnapshotting: false,
  preventVolumeModeConversion: true,
};

export interface SnapshotControllerOptions extends ControllerOptions {
  readonly settings?: Partial<SnapshotControllerSettings>;
}

interface Queues {
  readonly snapshots: WorkQueue;
  readonly contents: WorkQueue;
  readonly claims: WorkQueue;
}

export function startSnapshotController(options: SnapshotControllerOptions): AsyncDisposable {
  const { informers, clock, metrics } = options;
  const settings = { ...defaultSnapshotControllerSettings, ...options.settings };
  const logger = options.logger.with({ component: snapshotControllerName });
  const context = contextOf(options, settings);
  return startWhenSynced(informers, logger, (stack) => {
    const { workerThreads: concurrency, retryIntervalStartMs: initialMs, retryIntervalMaxMs: maxMs } = settings;
    const run = (name: string, reconcile: Reconcile): WorkQueue =>
      stack.use(runReconciler({ name, clock, logger, metrics, reconcile, concurrency, backoff: { initialMs, maxMs } }));
    const queues: Queues = {
      snapshots: run('snapshot-controller-snapshot', (key, signal) => syncSnapshot(context, key, signal)),
      contents: run('snapshot-controller-content', (name, signal) => syncContent(context, name, signal)),
      claims: run('snapshot-controller-claim', (key, signal) => syncClaim(context, key, signal)),
    };
    for (const watch of [watchSnapshots, watchContents, watchClasses, watchClaims]) stack.use(watch(context, queues));
    const resync = () => {
      for (const snapshot of context.snapshots.list()) queues.snapshots.add(keyOf(snapshot));
      for (const content of context.contents.list()) queues.contents.add(keyOf(content));
    };
    stack.use(every(clock, settings.resyncPeriodMs, resync));
  });
}

function contextOf(options: SnapshotControllerOptions, settings: SnapshotControllerSettings): SnapshotContext {
  const { informers, client, recorder, clock, logger, metrics = new MetricsRegistry() } = options;
  const snapshots = informers.informer(volumeSnapshots);
  snapshots.addIndex(byClaim, (snapshot) => [sourceClaimKey(snapshot)].filter((key) => key !== undefined));
  snapshots.addIndex(byContent, contentNamesOf);
  snapshots.addIndex(byClass, ({ spec }) => [spec.volumeSnapshotClassName ?? '']);
  const claims = informers.informer(persistentVolumeClaims);
  claims.addIndex(byRestoredSnapshot, restoredSnapshotsOf);
  return {
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    metrics: new SnapshotMetrics(metrics, clock),
    decisions: options.decisions ?? new DecisionLog(clock),
    clock,
    logger,
    snapshots,
    contents: informers.informer(volumeSnapshotContents),
    classes: informers.informer(volumeSnapshotClasses),
    claims,
    nodes: settings.distributedSnapshotting ? informers.informer(nodes) : undefined,
    preventVolumeModeConversion: settings.preventVolumeModeConversion,
  };
}

function watchSnapshots({ snapshots, announcer, metrics, decisions }: SnapshotContext, queues: Queues): Disposable {
  const wakeClaim = (snapshot: VolumeSnapshot) => {
    const claim = sourceClaimKey(snapshot);
    if (claim !== undefined) queues.claims.add(claim);
  };
  const wake = (snapshot: VolumeSnapshot) => {
    queues.snapshots.add(keyOf(snapshot));
    wakeClaim(snapshot);
  };
  return snapshots.addHandler({
    onAdd: wake,
    onUpdate: (_previous, snapshot) => wake(snapshot),
    onDelete: (snapshot) => {
      wakeClaim(snapshot);
      for (const topic of ['', 'claim']) announcer.forget(keyOf(snapshot), topic);
      metrics.gone(snapshot.metadata.uid);
      decisions.forget(decisionKey(keyOf(snapshot)));
    },
  });
}

function watchContents({ snapshots, contents, announcer }: SnapshotContext, queues: Queues): Disposable {
  const wakeSnapshots = ({ metadata }: VolumeSnapshotContent) => {
    for (const snapshot of snapshots.byIndex(byContent, metadata.name)) queues.snapshots.add(keyOf(snapshot));
  };
  const wake = (content: VolumeSnapshotContent) => {
    queues.contents.add(keyOf(content));
    wakeSnapshots(content);
  };
  return contents.addHandler({
    onAdd: wake,
    onUpdate: (_previous, content) => wake(content),
    onDelete: (content) => {
      wakeSnapshots(content);
      announcer.forget(keyOf(content));
    },
  });
}

function watchClasses({ snapshots, classes }: SnapshotContext, queues: Queues): Disposable {
  const wake = (name: string) => {
    for (const className of [name, ''])
      for (const snapshot of snapshots.byIndex(byClass, className)) queues.snapshots.add(keyOf(snapshot));
  };
  return classes.addHandler({
    onAdd: ({ metadata }) => wake(metadata.name),
    onUpdate: (_previous, { metadata }) => wake(metadata.name),
    onDelete: ({ metadata }) => wake(metadata.name),
  });
}

/** Claims that have nothing to do with snapshots cost a look into an index: there may be very many. */
function watchClaims({ snapshots, claims }: SnapshotContext, queues: Queues): Disposable {
  const wake = (claim: PersistentVolumeClaim) => {
    const key = keyOf(claim);
    const taken = snapshots.byIndex(byClaim, key);
    if (isProtectedClaim(claim) || taken.length > 0) queues.claims.add(key);
    for (const snapshot of taken) queues.snapshots.add(keyOf(snapshot));
    for (const restored of restoredSnapshotsOf(claim)) if (snapshots.get(restored)) queues.snapshots.add(restored);
  };
  return claims.addHandler({ onAdd: wake, onUpdate: (_previous, claim) => wake(claim), onDelete: wake });
}
