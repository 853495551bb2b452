/** The controllers: each starts with a client, informers and an event recorder, and ends when it is disposed. */
export {
  type AttachDetachControllerOptions,
  attachDetachControllerName,
  startAttachDetachController,
} from './attachdetach/controller.ts';
export type { ControllerOptions } from './common/start-controller.ts';
export { type CronJobControllerOptions, cronJobControllerName, startCronJobController } from './cronjob/controller.ts';
export { daemonSetControllerName, startDaemonSetController } from './daemonset/controller.ts';
export { deploymentControllerName, startDeploymentController } from './deployment/controller.ts';
export { disruptionControllerName, startDisruptionController } from './disruption/controller.ts';
export { endpointsControllerName, startEndpointsController } from './endpoint/controller.ts';
export { endpointSliceControllerName, startEndpointSliceController } from './endpointslice/controller.ts';
export { ephemeralVolumeControllerName, startEphemeralVolumeController } from './ephemeral/controller.ts';
export { expandControllerName, startExpandController } from './expand/controller.ts';
export {
  type GarbageCollectorOptions,
  garbageCollectorName,
  startGarbageCollector,
} from './garbage-collector/controller.ts';
export { type JobControllerOptions, jobControllerName, startJobController } from './job/controller.ts';
export {
  type NamespaceControllerOptions,
  namespaceControllerName,
  startNamespaceController,
} from './namespace/controller.ts';
export {
  type NodeLifecycleControllerOptions,
  nodeLifecycleControllerName,
  startNodeLifecycleController,
} from './node-lifecycle/controller.ts';
export {
  type PersistentVolumeControllerOptions,
  persistentVolumeControllerName,
  startPersistentVolumeController,
} from './persistentvolume/controller.ts';
export {
  type PodGarbageCollectorOptions,
  podGarbageCollectorName,
  startPodGarbageCollector,
} from './pod-gc/controller.ts';
export { startVolumeProtectionController, volumeProtectionControllerName } from './pv-protection/controller.ts';
export { claimProtectionControllerName, startClaimProtectionController } from './pvc-protection/controller.ts';
export { replicaSetControllerName, startReplicaSetController } from './replicaset/controller.ts';
export { replicationControllerName, startReplicationController } from './replication/controller.ts';
export {
  type ResourceQuotaControllerOptions,
  resourceQuotaControllerName,
  startResourceQuotaController,
} from './resource-quota/controller.ts';
export { type RootCaPublisherOptions, rootCaPublisherName, startRootCaPublisher } from './root-ca/controller.ts';
export {
  type ServiceAccountControllerOptions,
  serviceAccountControllerName,
  startServiceAccountController,
} from './service-account/controller.ts';
export {
  type ServiceAccountTokenControllerOptions,
  serviceAccountTokenControllerName,
  startServiceAccountTokenController,
} from './service-account-token/controller.ts';
export {
  defaultSnapshotControllerSettings,
  type SnapshotControllerOptions,
  type SnapshotControllerSettings,
  snapshotControllerName,
  startSnapshotController,
} from './snapshot/controller.ts';
export { startStatefulSetController, statefulSetControllerName } from './statefulset/controller.ts';
export { startTaintEvictionController, taintEvictionControllerName } from './taint-eviction/controller.ts';
export {
  attributesClassProtectionControllerName,
  startAttributesClassProtectionController,
} from './vac-protection/controller.ts';
