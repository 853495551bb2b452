/** What wakes the syncs: every change that may alter what is wanted, what is attached, or what nodes say. */
import {
  keyOf,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type VolumeAttachment,
} from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';
import { findCsiSource } from '../../component-helpers/index.ts';
import { podsUsingClaim } from '../common/pod-claim-index.ts';
import { forgetAnnouncements } from './announce.ts';
import {
  type AttachContext,
  attachmentsByVolume,
  type FlexAttachments,
  listedVolumes,
  orphanPrefix,
  podsByNode,
} from './attach-context.ts';
import { isOutOfService } from './detach-evidence.ts';
import { isManagedNode, type PodVolumeWorld, wantedVolumes } from './pod-volumes.ts';

/** The order matters: what is attached is known before what is wanted. */
export function watchWorld(
  stack: AsyncDisposableStack,
  context: AttachContext,
  attachments: Informer<VolumeAttachment>,
): void {
  stack.use(watchAttachments(context, attachments));
  stack.use(watchVolumes(context, attachments));
  if (context.flex) stack.use(watchFlexDrivers(context, context.flex));
  stack.use(watchPods(context));
  stack.use(watchClaims(context));
  stack.use(watchDrivers(context));
  stack.use(watchNodes(context));
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
  const { inlineVolumeSpec, persistentVolumeName } = attachment.spec.source;
  const volume = persistentVolumeName === undefined ? undefined : context.volumes.get(persistentVolumeName);
  const candidate = volume ? findCsiSource(volume) : inlineVolumeSpec?.csi;
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
        forgetAnnouncements(context, keyOf(last), volumeName);
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

/** What is attached is known from the Nodes; which volumes their drivers attach is known when those are installed. */
function watchFlexDrivers(context: AttachContext, flex: FlexAttachments): Disposable {
  const observeAll = () => {
    for (const node of context.nodes.list()) flex.observe(context, node);
  };
  observeAll();
  return flex.plugin.onChange(() => {
    observeAll();
    for (const pod of context.pods.list()) refreshPod(context, pod);
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
      context.flex?.observe(context, node);
      context.absentSinceMs.delete(node.metadata.name);
      refreshNode(node);
    },
    onUpdate: (previous, node) => {
      const isNews = context.nodes.observe(node);
      const isSaidAnew =
        previous.metadata.annotations !== node.metadata.annotations ||
        previous.status?.volumesAttached !== node.status?.volumesAttached;
      if (isSaidAnew) context.flex?.observe(context, context.nodes.get(node.metadata.name) ?? node);
      if (isNews) unsecureDropped(context, previous, node);
      if (isManagedNode(previous) !== isManagedNode(node) || isOutOfService(previous) !== isOutOfService(node)) {
        refreshNode(node);
        return;
      }
      for (const volumeName of changedVolumes(previous, node)) context.queue.add(volumeName);
    },
    onDelete: (last) => {
      context.nodes.observeDeletion(last);
      context.absentSinceMs.set(last.metadata.name, context.clock.monotonic());
      refreshNode(last);
    },
  });
}

/** Somebody else took volumes off the node's list: another controller, which may be about to detach them. */
function unsecureDropped({ actual }: AttachContext, previous: Node, node: Node): void {
  if (previous.status?.volumesAttached === node.status?.volumesAttached) return;
  const listed = new Set(node.status?.volumesAttached?.map(({ name }) => name));
  for (const { name } of previous.status?.volumesAttached ?? []) {
    const attachment = listed.has(name) ? undefined : actual.attachmentsOf(name).get(node.metadata.name);
    if (attachment) actual.unsecure(attachment);
  }
}

/** Volumes that were added to or dropped from either list of the node. */
function changedVolumes({ status: before }: Node, { status: after }: Node): ReadonlySet<string> {
  const inUse = new Set(before?.volumesInUse).symmetricDifference(new Set(after?.volumesInUse));
  if (before?.volumesAttached === after?.volumesAttached) return inUse;
  const names = (status: Node['status']) => new Set(status?.volumesAttached?.map(({ name }) => name));
  return inUse.union(names(before).symmetricDifference(names(after)));
}

export function podVolumeWorld(context: AttachContext): PodVolumeWorld {
  const { actual, flex, nodes, claims, volumes, drivers } = context;
  return {
    isFlexAttachable: (spec, volumeName, driver) => {
      if (flex?.plugin.isAttachable(spec)) return true;
      // A driver that is not there, or not yet, has told of itself by what it has attached.
      return !flex?.plugin.isInstalled(driver) && actual.attachmentsOf(volumeName).size > 0;
    },
    node: (name) => nodes.get(name),
    claim: (key) => claims.get(key),
    volume: (name) => volumes.get(name),
    attachRequired: (driver) => drivers.get(driver)?.spec.attachRequired !== false,
  };
}

function refreshPod(context: AttachContext, pod: Pod): void {
  const wanted = wantedVolumes(pod, podVolumeWorld(context));
  for (const volumeName of context.desired.setPod(pod, wanted)) context.queue.add(volumeName);
}

function refreshPodsOfClaim(context: AttachContext, claimKey: string): void {
  for (const pod of podsUsingClaim(context.pods, claimKey)) refreshPod(context, pod);
}

function wakeAttachment({ actual, queue }: AttachContext, name: string): void {
  queue.add(actual.volumeNameOf(name) ?? `${orphanPrefix}${name}`);
}

/** The safety net under the watches. */
export function resync(context: AttachContext): void {
  context.flex?.verify(context);
  for (const pod of context.pods.list()) refreshPod(context, pod);
  for (const volumeName of context.desired.volumeNames()) context.queue.add(volumeName);
  for (const name of context.actual.attachmentNames()) wakeAttachment(context, name);
}
