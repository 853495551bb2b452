/** The controllers as data: under which name each is chosen, speaks and is allowed to act, and what it is set to. */

import type { ResourceType } from '../api/index.ts';
import type { Client, WatchableTypes } from '../client/index.ts';
import * as controllers from '../controllers/index.ts';
import type { ControllerPlugins, FlexControllerPlugin } from '../volume-plugins/index.ts';
import type { ControllerSettings } from './controller-settings.ts';

/** What a start may use beyond what every controller is given. */
export interface ControllerContext {
  readonly settings: ControllerSettings;
  readonly plugins: ControllerPlugins;
  /** The FlexVolume drivers that are installed beside the controllers. */
  readonly flexPlugin: FlexControllerPlugin | undefined;
  /** The certificate of the cluster's authority, PEM; '' when it is not known. */
  readonly rootCa: string;
  /** Asks the server for every kind that a namespace may hold; undefined where only the built-in ones are served. */
  readonly namespacedTypes: ((signal: AbortSignal) => Promise<readonly ResourceType[]>) | undefined;
  /** Asks the server for every kind that may own and be owned; undefined where only the built-in ones are served. */
  readonly watchableTypes: ((signal: AbortSignal) => Promise<WatchableTypes>) | undefined;
  /** The client of another account, for a controller that upstream runs as two. */
  readonly client: (component: string, account: string) => Client;
}

export interface ControllerEntry {
  /** Upstream's name, which `--controllers` takes. */
  readonly name: string;
  /** The source of its events. */
  readonly component: string;
  /** The service account in kube-system whose rights suffice for it, as upstream binds them; '' for the rights of the role. */
  readonly account: string;
  readonly start: (options: controllers.ControllerOptions, context: ControllerContext) => AsyncDisposable;
}

const volumes: readonly ControllerEntry[] = [
  {
    name: 'persistentvolume-binder-controller',
    component: controllers.persistentVolumeControllerName,
    account: 'persistent-volume-binder',
    start: (options, { settings: { binder }, plugins }) =>
      controllers.startPersistentVolumeController({
        ...options,
        plugins,
        syncPeriodMs: binder.syncPeriodMs,
        dynamicProvisioning: binder.dynamicProvisioning,
      }),
  },
  {
    name: 'persistentvolume-attach-detach-controller',
    component: controllers.attachDetachControllerName,
    account: 'attachdetach-controller',
    start: (options, { settings: { attachDetach }, flexPlugin }) =>
      controllers.startAttachDetachController({
        ...options,
        ...(flexPlugin ? { flexPlugin } : {}),
        syncPeriodMs: attachDetach.reconcileSync ? attachDetach.syncPeriodMs : 0,
        forceDetachOnTimeout: attachDetach.forceDetachOnTimeout,
      }),
  },
  {
    name: 'persistentvolumeclaim-protection-controller',
    component: controllers.claimProtectionControllerName,
    account: 'pvc-protection-controller',
    start: (options, { settings: { claimProtection } }) =>
      controllers.startClaimProtectionController({ ...options, ...claimProtection }),
  },
  {
    name: 'persistentvolume-protection-controller',
    component: controllers.volumeProtectionControllerName,
    account: 'pv-protection-controller',
    start: controllers.startVolumeProtectionController,
  },
  {
    name: 'volumeattributesclass-protection-controller',
    component: controllers.attributesClassProtectionControllerName,
    account: 'volumeattributesclass-protection-controller',
    start: controllers.startAttributesClassProtectionController,
  },
  {
    name: 'persistentvolume-expander-controller',
    component: controllers.expandControllerName,
    account: 'expand-controller',
    start: (options, { flexPlugin }) =>
      controllers.startExpandController({ ...options, ...(flexPlugin ? { flexPlugin } : {}) }),
  },
  {
    name: 'ephemeral-volume-controller',
    component: controllers.ephemeralVolumeControllerName,
    account: 'ephemeral-volume-controller',
    start: controllers.startEphemeralVolumeController,
  },
];

const workloads: readonly ControllerEntry[] = [
  {
    name: 'statefulset-controller',
    component: controllers.statefulSetControllerName,
    account: 'statefulset-controller',
    start: controllers.startStatefulSetController,
  },
  {
    name: 'deployment-controller',
    component: controllers.deploymentControllerName,
    account: 'deployment-controller',
    start: controllers.startDeploymentController,
  },
  {
    name: 'replicaset-controller',
    component: controllers.replicaSetControllerName,
    account: 'replicaset-controller',
    start: controllers.startReplicaSetController,
  },
  {
    name: 'replicationcontroller-controller',
    component: controllers.replicationControllerName,
    account: 'replication-controller',
    start: controllers.startReplicationController,
  },
  {
    name: 'daemonset-controller',
    component: controllers.daemonSetControllerName,
    account: 'daemon-set-controller',
    start: controllers.startDaemonSetController,
  },
  {
    name: 'job-controller',
    component: controllers.jobControllerName,
    account: 'job-controller',
    start: (options, { client }) => {
      const account = 'ttl-after-finished-controller';
      return controllers.startJobController({ ...options, expiryClient: client(account, account) });
    },
  },
  {
    name: 'cronjob-controller',
    component: controllers.cronJobControllerName,
    account: 'cronjob-controller',
    start: (options) => {
      const localTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      return controllers.startCronJobController({ ...options, localTimeZone });
    },
  },
];

const cluster: readonly ControllerEntry[] = [
  {
    name: 'disruption-controller',
    component: controllers.disruptionControllerName,
    account: 'disruption-controller',
    start: controllers.startDisruptionController,
  },
  {
    name: 'endpoints-controller',
    component: controllers.endpointsControllerName,
    account: 'endpoint-controller',
    start: controllers.startEndpointsController,
  },
  {
    name: 'endpointslice-controller',
    component: controllers.endpointSliceControllerName,
    account: 'endpointslice-controller',
    start: controllers.startEndpointSliceController,
  },
  {
    name: 'node-lifecycle-controller',
    component: controllers.nodeLifecycleControllerName,
    account: 'node-controller',
    start: (options, { settings: { nodeLifecycle } }) =>
      controllers.startNodeLifecycleController({
        ...options,
        gracePeriodMs: nodeLifecycle.gracePeriodMs,
        startupGracePeriodMs: nodeLifecycle.startupGracePeriodMs,
        evictionLimits: nodeLifecycle,
      }),
  },
  {
    name: 'taint-eviction-controller',
    component: controllers.taintEvictionControllerName,
    account: 'node-controller',
    start: controllers.startTaintEvictionController,
  },
  {
    name: 'pod-garbage-collector-controller',
    component: controllers.podGarbageCollectorName,
    account: 'pod-garbage-collector',
    start: (options, { settings: { podGc } }) =>
      controllers.startPodGarbageCollector({ ...options, endedPodThreshold: podGc.terminatedPodThreshold }),
  },
  {
    name: 'garbage-collector-controller',
    component: controllers.garbageCollectorName,
    account: 'generic-garbage-collector',
    start: (options, { watchableTypes }) =>
      controllers.startGarbageCollector({ ...options, ...(watchableTypes ? { watchableTypes } : {}) }),
  },
  {
    name: 'namespace-controller',
    component: controllers.namespaceControllerName,
    account: 'namespace-controller',
    start: (options, { namespacedTypes }) =>
      controllers.startNamespaceController({ ...options, ...(namespacedTypes ? { namespacedTypes } : {}) }),
  },
  {
    name: 'resourcequota-controller',
    component: controllers.resourceQuotaControllerName,
    account: 'resourcequota-controller',
    start: (options, { settings: { resourceQuota } }) =>
      controllers.startResourceQuotaController({ ...options, syncPeriodMs: resourceQuota.syncPeriodMs }),
  },
  {
    name: 'serviceaccount-controller',
    component: controllers.serviceAccountControllerName,
    account: 'service-account-controller',
    start: controllers.startServiceAccountController,
  },
  {
    name: 'serviceaccount-token-controller',
    component: controllers.serviceAccountTokenControllerName,
    account: '',
    start: (options, { rootCa }) => controllers.startServiceAccountTokenController({ ...options, rootCa }),
  },
  {
    name: 'root-ca-certificate-publisher-controller',
    component: controllers.rootCaPublisherName,
    account: 'root-ca-cert-publisher',
    start: (options, { rootCa }) => controllers.startRootCaPublisher({ ...options, rootCa }),
  },
];

export const controllerTable: readonly ControllerEntry[] = [...volumes, ...workloads, ...cluster];
