/** The external-provisioner role: creates and deletes volumes through one CSI driver. */

import {
  type CSINode,
  csiNodes,
  keyOf,
  type Node,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../api/index.ts';
import type { Clock, Logger, Random } from '../../base/index.ts';
import {
  type Client,
  type EventRecorder,
  type Informer,
  type InformerFactory,
  type Reconcile,
  runReconciler,
  type WorkQueue,
} from '../../client/index.ts';
import { annSelectedNode, getClaimClass } from '../../component-helpers/index.ts';
import { ControllerCapability, PluginService } from '../../csi/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import { afterSync, type Synced } from '../common/after-sync.ts';
import { type CsiDriver, withoutTopology } from '../common/driver.ts';
import { LiveAttachments } from '../common/live-attachments.ts';
import { SlowRetries } from '../common/slow-retries.ts';
import { Attempts } from './attempts.ts';
import { type CapacityRefresher, noRefresher } from './capacity/controller.ts';
import { hasOtherKeys, topologyKeysOf } from './capacity/node-segments.ts';
import {
  defaultProvisionerFlags,
  type ProvisionerContext,
  type ProvisionerFlags,
  volumesByUniqueName,
} from './context.ts';
import { claimsBySource, sourceKeysOf } from './data-source.ts';
import { concernsProvisioning } from './decide.ts';
import { HeldSnapshots } from './held-snapshots.ts';
import { fixedNodes, isMadeHere, type NodeDeployment } from './node-deployment.ts';
import { tellRetainedVolumes } from './retained-volumes.ts';
import { annRequest } from './signed-request.ts';
import { SigningKey } from './signing-key.ts';
import { startSources } from './sources.ts';
import { syncClaim } from './sync-claim.ts';
import { syncClaimOnNode } from './sync-claim-on-node.ts';
import { attachmentsByVolume, nodesByVolumeInUse, syncVolume, uniqueNameOf } from './sync-volume.ts';
import { Volunteers } from './volunteers.ts';

export interface ProvisionerOptions {
  readonly client: Client;
  /** Not started yet: the role adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly flags?: Partial<ProvisionerFlags>;
  /** Where the driver's capacity is published, too. */
  readonly capacity?: CapacityRefresher;
  /** The provisioner's own, where it keeps a Secret; kube-system when it is not named. */
  readonly namespace?: string;
}

export function startProvisioner(options: ProvisionerOptions): AsyncDisposable {
  const { informers, driver, clock, logger, metrics } = options;
  if (!driver.controllerCapabilities.has(ControllerCapability.CREATE_DELETE_VOLUME)) {
    logger.info('driver does not create volumes: provisioner is idle', { driver: driver.name });
    return { [Symbol.asyncDispose]: async () => {} };
  }
  const flags = { ...defaultProvisionerFlags, ...options.flags };
  const backoff = { initialMs: flags.retryIntervalStartMs, maxMs: flags.retryIntervalMaxMs };
  const claims = informers.informer(persistentVolumeClaims);
  const { nodeDeployment: deployment } = flags;
  const ownNode = deployment ? { fieldSelector: `metadata.name=${deployment.nodeName}` } : {};
  const nodeInformer = informers.informer(nodes, ownNode);
  const context = contextOf(options, flags, nodeInformer);
  claims.addIndex(claimsBySource, sourceKeysOf);
  const isPlaced = context.driver.plugin.services.has(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS);
  const caches: readonly Synced[] = [
    claims,
    nodeInformer,
    informers.informer(persistentVolumes),
    informers.informer(storageClasses),
    informers.informer(volumeAttachments),
    ...(isPlaced && !deployment ? [informers.informer(csiNodes)] : []),
  ];
  const stack = new AsyncDisposableStack();
  const common = { clock, logger, metrics, concurrency: flags.workerThreads, backoff };
  const claimQueue = stack.use(
    runReconciler({
      ...common,
      name: `${driver.name}-provision`,
      reconcile: afterSync(caches, claimReconcile(context, claims)),
    }),
  );
  const volumeQueue = stack.use(
    runReconciler({
      ...common,
      name: `${driver.name}-delete-volume`,
      reconcile: afterSync(caches, (key, signal) => syncVolume(context, key, signal)),
    }),
  );
  const sweepIntervalMs = flags.snapshotOrphanSweepIntervalMs;
  stack.use(startSources({ ...options, backoff, sweepIntervalMs, heldSnapshots: context.heldSnapshots, claimQueue }));
  watchClaims(informers, context, claimQueue);
  if (!deployment) watchDriverNodes(informers, driver, claimQueue);
  watchVolumes(informers, nodeInformer, volumeQueue);
  tellRetainedVolumes({
    ...options,
    driver: driver.name,
    isOwn: (volume) => !deployment || isMadeHere(deployment, volume),
    volumes: informers.informer(persistentVolumes),
  });
  return stack;
}

/** Everything that claims and volumes are looked at with, indexes and all. */
function contextOf(
  options: ProvisionerOptions,
  flags: ProvisionerFlags,
  nodeInformer: Informer<Node>,
): ProvisionerContext {
  const { informers, driver, client } = options;
  const volumes = informers.informer(persistentVolumes);
  const attachments = informers.informer(volumeAttachments);
  nodeInformer.addIndex(nodesByVolumeInUse, ({ status }) => status?.volumesInUse ?? []);
  volumes.addIndex(volumesByUniqueName, (volume) => {
    const name = uniqueNameOf(volume);
    return name === undefined ? [] : [name];
  });
  attachments.addIndex(attachmentsByVolume, ({ spec }) =>
    spec.source.persistentVolumeName === undefined ? [] : [spec.source.persistentVolumeName],
  );
  const { nodeDeployment: deployment } = flags;
  return {
    ...options,
    driver: flags.topology ? driver : withoutTopology(driver),
    claims: informers.informer(persistentVolumeClaims),
    volumes,
    classes: informers.informer(storageClasses),
    attachments,
    attempts: new Attempts(),
    signingKey: new SigningKey({ ...options, driver: driver.name, namespace: options.namespace ?? 'kube-system' }),
    slowRetries: new SlowRetries(options.clock, flags.retryIntervalMaxMs),
    heldSnapshots: new HeldSnapshots(client),
    liveAttachments: new LiveAttachments(client),
    capacity: options.capacity ?? noRefresher,
    ...(deployment
      ? fixedNodes(deployment, driver.name, nodeInformer)
      : { nodes: nodeInformer, csiNodes: informers.informer(csiNodes) }),
    identity: identityOf(options, deployment),
    flags,
  };
}

function identityOf({ clock, random, driver }: ProvisionerOptions, deployment: NodeDeployment | undefined): string {
  const identity = `${clock.now()}-${Math.floor(random.next() * 10_000)}-${driver.name}`;
  return deployment ? `${identity}-${deployment.nodeName}` : identity;
}

function claimReconcile(context: ProvisionerContext, claims: Informer<PersistentVolumeClaim>): Reconcile {
  const { clock, random, flags } = context;
  const { nodeDeployment: deployment } = flags;
  if (!deployment) return (key, signal) => syncClaim(context, key, signal);
  const volunteers = new Volunteers({ ...deployment, clock, random });
  claims.addHandler({ onDelete: ({ metadata }) => volunteers.forget(metadata.uid) });
  return (key, signal) => syncClaimOnNode({ ...context, deployment, volunteers }, key, signal);
}

function watchClaims(
  informers: InformerFactory,
  { attempts, slowRetries }: ProvisionerContext,
  queue: WorkQueue,
): void {
  const claims = informers.informer(persistentVolumeClaims);
  claims.addHandler({
    onAdd: (claim) => queue.add(keyOf(claim)),
    onUpdate: (previous, claim) => {
      if (claim.spec.volumeName && !claim.metadata.annotations?.[annRequest]) attempts.forgetEnded(claim.metadata.uid);
      if (concernsProvisioning(previous, claim)) queue.add(keyOf(claim));
    },
    onDelete: ({ metadata }) => {
      attempts.end(metadata.uid);
      attempts.forgetEnded(metadata.uid);
      slowRetries.delete(metadata.uid);
    },
  });
  informers.informer(volumeAttributesClasses).addHandler({
    onAdd: ({ metadata: { name } }) => {
      for (const claim of claims.list())
        if (claim.spec.volumeAttributesClassName === name && !claim.spec.volumeName) queue.add(keyOf(claim));
    },
  });
  informers.informer(storageClasses).addHandler({
    onAdd: ({ metadata }) => {
      for (const claim of claims.list()) if (getClaimClass(claim) === metadata.name) queue.add(keyOf(claim));
    },
  });
}

/** The index of claims without a volume by the node that is selected for them. */
const unboundByNode = 'external-provisioner/unbound-by-node';
const anyNode = '';

/** A claim for a node that the driver is not on yet, or for any node while it is on none, waits for the driver. */
function watchDriverNodes(informers: InformerFactory, driver: CsiDriver, queue: WorkQueue): void {
  const claims = informers.informer(persistentVolumeClaims);
  claims.addIndex(unboundByNode, ({ metadata, spec }) =>
    spec.volumeName ? [] : [metadata.annotations?.[annSelectedNode] ?? anyNode],
  );
  const wake = ({ metadata: { name } }: CSINode) => {
    for (const node of [name, anyNode])
      for (const claim of claims.byIndex(unboundByNode, node)) queue.add(keyOf(claim));
  };
  informers.informer(csiNodes).addHandler({
    onAdd: (csiNode, isInitial) => {
      if (!isInitial && topologyKeysOf(csiNode, driver.name)) wake(csiNode);
    },
    onUpdate: (previous, csiNode) => {
      if (hasOtherKeys(driver.name, previous, csiNode)) wake(csiNode);
    },
  });
}

/** A released volume waits for its attachments and for the nodes that use it. */
function watchVolumes(informers: InformerFactory, nodeInformer: Informer<Node>, queue: WorkQueue): void {
  const volumes = informers.informer(persistentVolumes);
  volumes.addHandler({
    onAdd: (volume) => queue.add(keyOf(volume)),
    onUpdate: (_previous, volume) => queue.add(keyOf(volume)),
  });
  informers.informer(volumeAttachments).addHandler({
    onDelete: ({ spec }) => {
      if (spec.source.persistentVolumeName !== undefined) queue.add(spec.source.persistentVolumeName);
    },
  });
  const retryUnused = (previous: Node, current?: Node) => {
    const inUse = new Set(current?.status?.volumesInUse);
    for (const name of previous.status?.volumesInUse ?? []) {
      if (inUse.has(name)) continue;
      for (const volume of volumes.byIndex(volumesByUniqueName, name)) queue.add(keyOf(volume));
    }
  };
  nodeInformer.addHandler({ onUpdate: retryUnused, onDelete: (last) => retryUnused(last) });
}
