/**
 * The attach/detach controller: attaches volumes to the nodes whose pods want them, by VolumeAttachments that the
 * driver's attacher carries out, and takes them away again when there is evidence that the node let go. It owns
 * VolumeAttachment.spec and node.status.volumesAttached.
 */
import {
  csiDrivers,
  type Node,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../api/index.ts';
import { DecisionLog } from '../../base/index.ts';
import { type Informer, runReconciler } from '../../client/index.ts';
import { type FlexControllerPlugin, isCsiUniqueVolumeName } from '../../volume-plugins/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addPodClaimIndex } from '../common/pod-claim-index.ts';
import { type ControllerOptions, every, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import { ActualStateOfWorld } from './actual-state-of-world.ts';
import {
  type AttachContext,
  attachmentsByVolume,
  listedVolumes,
  nodesByVolume,
  orphanPrefix,
  podsByNode,
} from './attach-context.ts';
import { DesiredStateOfWorld } from './desired-state-of-world.ts';
import { FlexAttacher } from './flex-attach.ts';
import { devicePathOf } from './flex-record.ts';
import { countAttachments } from './metrics.ts';
import { NodeReports } from './node-reports.ts';
import { isManagedNode } from './pod-volumes.ts';
import { syncOrphan } from './sync-orphan.ts';
import { syncVolume } from './sync-volume.ts';
import { resync, watchWorld } from './watches.ts';

/** The name that its events carry. */
export const attachDetachControllerName = 'attachdetach-controller';

const concurrentSyncs = 128;
const defaultSyncPeriodMs = 60_000;
/** Upstream: a shorter period turns the resync off. */
const shortestSyncPeriodMs = 1_000;

export interface AttachDetachControllerOptions extends ControllerOptions {
  /**
   * How often everything is looked at again although nothing changed (`--attach-detach-reconcile-sync-period`). 0, or
   * anything below a second, for never (`--disable-attach-detach-reconcile-sync`).
   */
  readonly syncPeriodMs?: number;
  /**
   * Detach after 6 minutes from a node whose agent is dead although nobody saw it let go
   * (`--disable-force-detach-on-timeout=false`). Off unless chosen: it destroys data when the node still runs.
   * See docs/detaching.md.
   */
  readonly forceDetachOnTimeout?: boolean;
  /** The FlexVolume drivers that are installed beside the controller. */
  readonly flexPlugin?: FlexControllerPlugin;
}

export function startAttachDetachController(options: AttachDetachControllerOptions): AsyncDisposable {
  const { informers, clock } = options;
  const logger = options.logger.with({ component: attachDetachControllerName });
  const sources = {
    pods: informers.informer(pods),
    nodes: informers.informer(nodes),
    claims: informers.informer(persistentVolumeClaims),
    volumes: informers.informer(persistentVolumes),
    drivers: informers.informer(csiDrivers),
    attachments: informers.informer(volumeAttachments),
  };
  addPodClaimIndex(sources.pods);
  sources.pods.addIndex(podsByNode, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
  sources.nodes.addIndex(nodesByVolume, listedVolumes);
  sources.attachments.addIndex(attachmentsByVolume, ({ spec }) =>
    spec.source.persistentVolumeName ? [spec.source.persistentVolumeName] : [],
  );

  return startWhenSynced(informers, logger, (stack) => {
    const queue = stack.use(
      runReconciler({
        name: 'attachment',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: concurrentSyncs,
        reconcile: (key, signal) =>
          key.startsWith(orphanPrefix)
            ? syncOrphan(context, key.slice(orphanPrefix.length), signal)
            : syncVolume(context, key, signal),
      }),
    );
    const context = createContext({ ...options, logger }, sources, queue);
    if (context.flex) stack.use(context.flex);
    if (options.metrics) stack.use(countAttachments(options.metrics, context));
    // The queue starts after this turn.
    watchWorld(stack, context, sources.attachments);
    const periodMs = options.syncPeriodMs ?? defaultSyncPeriodMs;
    if (periodMs >= shortestSyncPeriodMs) stack.use(every(clock, periodMs, () => resync(context)));
  });
}

type Sources = Pick<AttachContext, 'pods' | 'claims' | 'volumes' | 'drivers'> & { readonly nodes: Informer<Node> };

function createContext(
  {
    client,
    reader = client,
    clock,
    recorder,
    random,
    logger,
    decisions,
    forceDetachOnTimeout = false,
    flexPlugin,
  }: AttachDetachControllerOptions,
  { pods, claims, volumes, drivers, nodes: nodeInformer }: Sources,
  queue: AttachContext['queue'],
): AttachContext {
  const actual = new ActualStateOfWorld();
  const nodeCache = new WrittenCache(nodeInformer);
  const reports = new NodeReports({
    client,
    nodes: nodeCache,
    devicePathOf: (node, volumeName) => {
      // Drivers of CSI name none, and nearly all volumes are theirs.
      if (isCsiUniqueVolumeName(volumeName)) return '';
      const attachment = actual.attachmentsOf(volumeName).get(node);
      return attachment ? devicePathOf(attachment) : '';
    },
    usableVolumes: (node, reported) => usableVolumes(nodeCache, actual, node, reported),
    versionOf: (node) => actual.versionOf(node),
  });
  return {
    client,
    reader,
    recorder,
    announcer: new Announcer(clock, recorder),
    decisions: decisions ?? new DecisionLog(clock),
    clock,
    logger,
    pods,
    nodes: nodeCache,
    nodeInformer,
    claims,
    volumes,
    drivers,
    desired: new DesiredStateOfWorld(),
    actual,
    reports,
    pendingAttaches: new Map(),
    unwantedSinceMs: new Map(),
    absentSinceMs: new Map(),
    instance: { id: random.uuid(), reports: 0 },
    flex: flexPlugin && new FlexAttacher(flexPlugin),
    forceDetachOnTimeout,
    forcedDetachListeners: new Set(),
    queue,
  };
}

/** What the node may rely on. Names of other plugins are not this controller's to judge. */
function usableVolumes(
  nodeCache: WrittenCache<Node>,
  actual: ActualStateOfWorld,
  nodeName: string,
  reported: ReadonlySet<string>,
): ReadonlySet<string> {
  const node = nodeCache.get(nodeName);
  if (!node || !isManagedNode(node)) return reported;
  const usable = actual.usableOn(nodeName, reported);
  for (const name of reported) {
    if (!isCsiUniqueVolumeName(name) && !actual.attachmentsOf(name).has(nodeName)) usable.add(name);
  }
  return usable;
}
