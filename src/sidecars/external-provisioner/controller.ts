/** The external-provisioner role: creates and deletes volumes through one CSI driver. */

import {
  type CSINode,
  csiNodes,
  keyOf,
  type Node,
  nodes,
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
  type InformerFactory,
  runReconciler,
  type WorkQueue,
} from '../../client/index.ts';
import { annSelectedNode, getClaimClass } from '../../component-helpers/index.ts';
import { ControllerCapability } from '../../csi/index.ts';
import { afterSync } from '../common/after-sync.ts';
import type { CsiDriver } from '../common/driver.ts';
import { LiveAttachments } from '../common/live-attachments.ts';
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
import { annRequest } from './signed-request.ts';
import { SigningKey } from './signing-key.ts';
import { startSources } from './sources.ts';
import { syncClaim } from './sync-claim.ts';
import { attachmentsByVolume, nodesByVolumeInUse, syncVolume, uniqueNameOf } from './sync-volume.ts';

export interface ProvisionerOptions {
  readonly client: Client;
  /** Not started yet: the role adds its handlers and indexes. */
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly driver: CsiDriver;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly flags?: Partial<ProvisionerFlags>;
  /** Where the driver's capacity is published, too. */
  readonly capacity?: CapacityRefresher;
  /** The provisioner's own, where it keeps a Secret; kube-system when it is not named. */
  readonly namespace?: string;
}

export function startProvisioner(options: ProvisionerOptions): AsyncDisposable {
  const { informers, driver, clock, random, logger } = options;
  if (!driver.controllerCapabilities.has(ControllerCapability.CREATE_DELETE_VOLUME)) {
    logger.info('driver does not create volumes: provisioner is idle', { driver: driver.name });
    return { [Symbol.asyncDispose]: async () => {} };
  }
  const flags = { ...defaultProvisionerFlags, ...options.flags };
  const backoff = { initialMs: flags.retryIntervalStartMs, maxMs: flags.retryIntervalMaxMs };
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const classes = informers.informer(storageClasses);
  const attachments = informers.informer(volumeAttachments);
  const nodeInformer = informers.informer(nodes);
  nodeInformer.addIndex(nodesByVolumeInUse, ({ status }) => status?.volumesInUse ?? []);
  volumes.addIndex(volumesByUniqueName, (volume) => {
    const name = uniqueNameOf(volume);
    return name === undefined ? [] : [name];
  });
  const context: ProvisionerContext = {
    ...options,
    claims,
    volumes,
    classes,
    attachments,
    attempts: new Attempts(),
    signingKey: new SigningKey({ ...options, driver: driver.name, namespace: options.namespace ?? 'kube-system' }),
    heldSnapshots: new HeldSnapshots(options.client),
    liveAttachments: new LiveAttachments(options.client),
    capacity: options.capacity ?? noRefresher,
    csiNodes: informers.informer(csiNodes),
    nodes: nodeInformer,
    identity: `${clock.now()}-${Math.floor(random.next() * 10_000)}-${driver.name}`,
    flags,
  };
  claims.addIndex(claimsBySource, sourceKeysOf);
  attachments.addIndex(attachmentsByVolume, ({ spec }) =>
    spec.source.persistentVolumeName === undefined ? [] : [spec.source.persistentVolumeName],
  );
  const stack = new AsyncDisposableStack();
  const claimQueue = stack.use(
    runReconciler({
      name: 'provision',
      clock,
      logger,
      concurrency: flags.workerThreads,
      backoff,
      reconcile: afterSync(informers, (key, signal) => syncClaim(context, key, signal)),
    }),
  );
  const volumeQueue = stack.use(
    runReconciler({
      name: 'delete-volume',
      clock,
      logger,
      concurrency: flags.workerThreads,
      backoff,
      reconcile: afterSync(informers, (key, signal) => syncVolume(context, key, signal)),
    }),
  );
  const sweepIntervalMs = flags.snapshotOrphanSweepIntervalMs;
  stack.use(startSources({ ...options, backoff, sweepIntervalMs, heldSnapshots: context.heldSnapshots, claimQueue }));
  watchClaims(informers, context, claimQueue);
  watchDriverNodes(informers, driver, claimQueue);
  watchVolumes(informers, volumeQueue);
  return stack;
}

function watchClaims(informers: InformerFactory, { attempts }: ProvisionerContext, queue: WorkQueue): void {
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

/** A claim for a node that the driver is not on yet, or for any node while it is on none, waits for the driver. */
function watchDriverNodes(informers: InformerFactory, driver: CsiDriver, queue: WorkQueue): void {
  const claims = informers.informer(persistentVolumeClaims);
  const wake = ({ metadata: { name } }: CSINode) => {
    for (const claim of claims.list()) {
      const selectedNode = claim.metadata.annotations?.[annSelectedNode] ?? name;
      if (!claim.spec.volumeName && selectedNode === name) queue.add(keyOf(claim));
    }
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
function watchVolumes(informers: InformerFactory, queue: WorkQueue): void {
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
  informers.informer(nodes).addHandler({ onUpdate: retryUnused, onDelete: (last) => retryUnused(last) });
}
