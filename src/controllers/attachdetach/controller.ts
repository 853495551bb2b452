/**
 * The attach/detach controller: attaches volumes to the nodes whose pods want them, by VolumeAttachments that the
 * driver's attacher carries out, and takes them away again when there is evidence that the node let go. It owns
 * VolumeAttachment.spec and node.status.volumesAttached.
 */
import {
  csiDrivers,
  keyOf,
  type Node,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type VolumeAttachment,
  volumeAttachments,
} from '../../api/index.ts';
import { DecisionLog } from '../../base/index.ts';
import { type Informer, runReconciler } from '../../client/index.ts';
import { csiVolumeOf, parseCsiUniqueVolumeName } from '../../volume-plugins/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addPodClaimIndex, podsUsingClaim } from '../common/pod-claim-index.ts';
import { type ControllerOptions, every, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import { ActualStateOfWorld } from './actual-state-of-world.ts';
import { type AttachContext, listedVolumes, nodesByVolume } from './attach-context.ts';
import { DesiredStateOfWorld } from './desired-state-of-world.ts';
import { isOutOfService } from './detach-evidence.ts';
import { NodeReports } from './node-reports.ts';
import { isManagedNode, wantedVolumes } from './pod-volumes.ts';
import { syncOrphan } from './sync-orphan.ts';
import { syncVolume } from './sync-volume.ts';

/** The name that its events carry. */
export const attachDetachControllerName = 'attachdetach-controller';

const concurrentSyncs = 128;
const defaultSyncPeriodMs = 60_000;
const podsByNode = 'attachdetach/node';
const attachmentsByVolume = 'attachdetach/persistent-volume';
/** Keys of attachments whose volume is unknown, among keys that are volume names. */
const orphanPrefix = 'attachment/';

export interface AttachDetachControllerOptions extends ControllerOptions {
  /** How often everything is looked at again although nothing changed (`--attach-detach-reconcile-sync-period`). */
  readonly syncPeriodMs?: number;
  /**
   * Detach after 6 minutes from a node whose agent is dead although nobody saw it let go
   * (`--disable-force-detach-on-timeout=false`). Off unless chosen: it destroys data when the node still runs.
   */
  readonly forceDetachOnTimeout?: boolean;
}

export function startAttachDetachController(options: AttachDetachControllerOptions): AsyncDisposable {
  const { informers, clock, recorder, client } = options;
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
    const actual = new ActualStateOfWorld();
    const nodeCache = new WrittenCache(sources.nodes);
    const context: AttachContext = {
      client,
      reader: options.reader ?? client,
      recorder,
      announcer: new Announcer(clock, recorder),
      decisions: options.decisions ?? new DecisionLog(clock),
      clock,
      logger,
      pods: sources.pods,
      nodes: nodeCache,
      nodeInformer: sources.nodes,
      claims: sources.claims,
      volumes: sources.volumes,
      drivers: sources.drivers,
      desired: new DesiredStateOfWorld(),
      actual,
      reports: new NodeReports({
        client,
        nodes: nodeCache,
        usableVolumes: (node, reported) => usableVolumes(nodeCache, actual, node, reported),
      }),
      pendingAttaches: new Map(),
      unwantedSinceMs: new Map(),
      forceDetachOnTimeout: options.forceDetachOnTimeout ?? false,
      queue,
    };
    // What is attached is known before what is wanted is acted on: the queue starts after this turn.
    stack.use(watchAttachments(context, sources.attachments));
    stack.use(watchVolumes(context, sources.attachments));
    stack.use(watchPods(context));
    stack.use(watchClaims(context));
    stack.use(watchDrivers(context));
    stack.use(watchNodes(context));
    stack.use(every(clock, options.syncPeriodMs ?? defaultSyncPeriodMs, () => resync(context)));
  });
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
  const usable = new Set([...reported].filter((name) => !parseCsiUniqueVolumeName(name)));
  for (const attachment of actual.attachmentsOn(nodeName)) {
    const volumeName = actual.volumeNameOf(attachment.metadata.name);
    if (volumeName !== undefined && actual.isUsable(attachment)) usable.add(volumeName);
  }
  return usable;
}

function watchAttachments(context: AttachContext, attachments: Informer<VolumeAttachment>): Disposable {
  const observe = (attachment: VolumeAttachment) => setAttachment(context, attachment);
  return attachments.addHandler({
    onAdd: observe,
    onUpdate: (_previous, attachment) => observe(attachment),
    onDelete: ({ metadata: { name } }) => {
      const volumeName = context.actual.delete(name);
      context.pendingAttaches.delete(name);
      context.unwantedSinceMs.delete(name);
      if (volumeName !== undefined) context.queue.add(volumeName);
    },
  });
}

function setAttachment(context: AttachContext, attachment: VolumeAttachment): void {
  const { source } = attachment.spec;
  const volume = source.persistentVolumeName
    ? context.volumes.get(source.persistentVolumeName)?.spec
    : source.inlineVolumeSpec;
  const candidate = volume && csiVolumeOf(volume);
  const volumeName = context.actual.set(attachment, candidate ? [candidate] : []);
  context.queue.add(volumeName ?? `${orphanPrefix}${attachment.metadata.name}`);
}

function watchVolumes(context: AttachContext, attachments: Informer<VolumeAttachment>): Disposable {
  const observe = (volume: PersistentVolume) => {
    for (const attachment of attachments.byIndex(attachmentsByVolume, volume.metadata.name)) {
      setAttachment(context, attachment);
    }
    const claimRef = volume.spec.claimRef;
    if (claimRef) refreshPodsOfClaim(context, `${claimRef.namespace}/${claimRef.name}`);
  };
  return context.volumes.addHandler({
    onAdd: observe,
    onUpdate: (previous, volume) => {
      if (previous.spec !== volume.spec) observe(volume);
    },
    onDelete: observe,
  });
}

function watchPods(context: AttachContext): Disposable {
  return context.pods.addHandler({
    onAdd: (pod) => refreshPod(context, pod),
    onUpdate: (_previous, pod) => refreshPod(context, pod),
    onDelete: (last) => {
      for (const volumeName of context.desired.deletePod(keyOf(last))) {
        context.announcer.forget(keyOf(last), volumeName);
        context.queue.add(volumeName);
      }
    },
  });
}

function watchClaims(context: AttachContext): Disposable {
  const observe = (claim: PersistentVolumeClaim) => refreshPodsOfClaim(context, keyOf(claim));
  return context.claims.addHandler({
    onAdd: observe,
    onUpdate: (_previous, claim) => observe(claim),
    onDelete: observe,
  });
}

/** Whether a driver attaches can change under its pods. */
function watchDrivers(context: AttachContext): Disposable {
  const refreshAll = () => {
    for (const pod of context.pods.list()) refreshPod(context, pod);
  };
  return context.drivers.addHandler({
    onAdd: (_driver, inInitialList) => {
      if (!inInitialList) refreshAll();
    },
    onUpdate: (previous, driver) => {
      if (previous.spec.attachRequired !== driver.spec.attachRequired) refreshAll();
    },
    onDelete: refreshAll,
  });
}

function watchNodes(context: AttachContext): Disposable {
  const refreshNode = (node: Node) => {
    for (const pod of context.pods.byIndex(podsByNode, node.metadata.name)) refreshPod(context, pod);
    for (const { metadata } of context.actual.attachmentsOn(node.metadata.name)) wakeAttachment(context, metadata.name);
    for (const volumeName of listedVolumes(node)) context.queue.add(volumeName);
  };
  return context.nodeInformer.addHandler({
    onAdd: (node) => {
      context.nodes.observe(node);
      refreshNode(node);
    },
    onUpdate: (previous, node) => {
      context.nodes.observe(node);
      if (isManagedNode(previous) !== isManagedNode(node) || isOutOfService(previous) !== isOutOfService(node)) {
        refreshNode(node);
        return;
      }
      for (const volumeName of changedVolumes(previous, node)) context.queue.add(volumeName);
    },
    onDelete: (last) => {
      context.nodes.observeDeletion(last);
      refreshNode(last);
    },
  });
}

/** Volumes that were added to or dropped from either list of the node. */
function changedVolumes({ status: before }: Node, { status: after }: Node): ReadonlySet<string> {
  const inUse = new Set(before?.volumesInUse).symmetricDifference(new Set(after?.volumesInUse));
  if (before?.volumesAttached === after?.volumesAttached) return inUse;
  const names = (status: Node['status']) => new Set(status?.volumesAttached?.map(({ name }) => name));
  return inUse.union(names(before).symmetricDifference(names(after)));
}

function refreshPod(context: AttachContext, pod: Pod): void {
  const wanted = wantedVolumes(pod, {
    node: (name) => context.nodes.get(name),
    claim: (key) => context.claims.get(key),
    volume: (name) => context.volumes.get(name),
    attachRequired: (driver) => context.drivers.get(driver)?.spec.attachRequired !== false,
  });
  for (const volumeName of context.desired.setPod(pod, wanted)) context.queue.add(volumeName);
}

function refreshPodsOfClaim(context: AttachContext, claimKey: string): void {
  for (const pod of podsUsingClaim(context.pods, claimKey)) refreshPod(context, pod);
}

function wakeAttachment({ actual, queue }: AttachContext, name: string): void {
  queue.add(actual.volumeNameOf(name) ?? `${orphanPrefix}${name}`);
}

/** The safety net under the watches. */
function resync(context: AttachContext): void {
  for (const volumeName of context.desired.volumeNames()) context.queue.add(volumeName);
  for (const name of context.actual.attachmentNames()) wakeAttachment(context, name);
}
