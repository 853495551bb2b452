/** How each built-in kind is written. Kinds that are not named follow the common rules. */
import {
  builtInResources,
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  coreEvents,
  cronJobs,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  customResourceDefinitions,
  daemonSets,
  deployments,
  endpointSlices,
  endpoints,
  eventsV1,
  jobs,
  leases,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  podTemplates,
  type ResourceType,
  replicaSets,
  replicationControllers,
  resourceQuotas,
  roleBindings,
  roles,
  serviceAccounts,
  services,
  statefulSets,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { customResourceDefinitionStrategy } from './custom-resource-definition.ts';
import { eventConversion } from './event.ts';
import { namespaceStrategy } from './namespace.ts';
import { persistentVolumeStrategy } from './persistent-volume.ts';
import { persistentVolumeClaimStrategy } from './persistent-volume-claim.ts';
import { podStrategy } from './pod.ts';
import { Registry } from './registry.ts';
import type { Strategy } from './strategy.ts';
import {
  cronJobStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  jobStrategy,
  podDisruptionBudgetStrategy,
  replicaSetStrategy,
  replicationControllerStrategy,
  statefulSetStrategy,
} from './workloads.ts';

const returnsDeletedObject: Strategy = { returnsDeletedObject: true };
/** As the objects of any CustomResourceDefinition. */
const custom: Strategy = { generation: 'always', requiresResourceVersion: true, statusKeepsMetadata: true };

/** Method parameters are bivariant, so a strategy for one kind stands where any kind may come. */
const strategies = new Map<ResourceType, Strategy>([
  [pods, podStrategy as Strategy],
  [persistentVolumes, persistentVolumeStrategy as Strategy],
  [persistentVolumeClaims, persistentVolumeClaimStrategy as Strategy],
  [namespaces, namespaceStrategy as Strategy],
  // A kubelet registers its node together with the status.
  [nodes, { initialStatus: (node) => node.status }],
  [services, { returnsDeletedObject: true, initialStatus: () => ({ loadBalancer: {} }) }],
  [serviceAccounts, returnsDeletedObject],
  [podTemplates, { generation: 'always', returnsDeletedObject: true }],
  [resourceQuotas, { returnsDeletedObject: true, initialStatus: () => ({}) }],
  [limitRanges, { createsOnUpdate: true }],
  [endpoints, { createsOnUpdate: true }],
  [endpointSlices, { generation: 'always' }],
  [coreEvents, { createsOnUpdate: true }],
  [eventsV1, { createsOnUpdate: true }],
  [configMaps, {}],
  [replicationControllers, replicationControllerStrategy],
  [statefulSets, statefulSetStrategy as Strategy],
  [deployments, deploymentStrategy as Strategy],
  [replicaSets, replicaSetStrategy as Strategy],
  [daemonSets, daemonSetStrategy as Strategy],
  [jobs, jobStrategy as Strategy],
  [cronJobs, cronJobStrategy as Strategy],
  [podDisruptionBudgets, podDisruptionBudgetStrategy],
  [storageClasses, returnsDeletedObject],
  [volumeAttributesClasses, returnsDeletedObject],
  [csiNodes, { returnsDeletedObject: true, requiresResourceVersion: true }],
  [csiDrivers, { returnsDeletedObject: true, requiresResourceVersion: true, generation: 'from-first-update' }],
  [csiStorageCapacities, { returnsDeletedObject: true, requiresResourceVersion: true }],
  [volumeAttachments, { returnsDeletedObject: true, requiresResourceVersion: true, statusKeepsMetadata: true }],
  [volumeSnapshots, custom],
  [volumeSnapshotContents, custom],
  [volumeSnapshotClasses, custom],
  [leases, { requiresResourceVersion: true, createsOnUpdate: true }],
  [customResourceDefinitions, customResourceDefinitionStrategy as Strategy],
  [roles, { createsOnUpdate: true }],
  [clusterRoles, { createsOnUpdate: true }],
  [roleBindings, { createsOnUpdate: true }],
  [clusterRoleBindings, { createsOnUpdate: true }],
]);

/** A registry of the given kinds, with their strategies. */
export function createRegistry(types: readonly ResourceType[] = builtInResources): Registry {
  const registry = new Registry();
  for (const type of types) {
    const strategy = strategies.get(type);
    registry.register(type, {
      ...(strategy ? { strategy } : {}),
      // Both kinds of events are one: what a client of either wrote, clients of both see.
      ...(type === eventsV1 ? { conversion: eventConversion } : {}),
    });
  }
  return registry;
}
