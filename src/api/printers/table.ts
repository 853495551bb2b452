/** Tables as `kubectl get` shows them. */
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import * as core from './core.ts';
import * as snapshot from './snapshot.ts';
import * as storage from './storage.ts';
import { type PrintedTable, type Printer, printer } from './table-types.ts';
import * as workloads from './workloads.ts';

const printers = new Map<string, Printer>();

function register<T extends KubernetesObject>(type: ResourceType<T>, kindPrinter: Printer<T>): void {
  printers.set(`${type.group}/${type.kind}`, kindPrinter as Printer);
}

register(resources.pods, workloads.podPrinter);
register(resources.podTemplates, workloads.podTemplatePrinter);
register(resources.statefulSets, workloads.statefulSetPrinter);
register(resources.deployments, workloads.deploymentPrinter);
register(resources.daemonSets, workloads.daemonSetPrinter);
register(resources.replicaSets, workloads.replicaSetPrinter);
register(resources.replicationControllers, workloads.replicationControllerPrinter);
register(resources.controllerRevisions, workloads.controllerRevisionPrinter);
register(resources.jobs, workloads.jobPrinter);
register(resources.cronJobs, workloads.cronJobPrinter);
register(resources.nodes, core.nodePrinter);
register(resources.namespaces, core.namespacePrinter);
register(resources.secrets, core.secretPrinter);
register(resources.configMaps, core.configMapPrinter);
register(resources.serviceAccounts, core.serviceAccountPrinter);
register(resources.services, core.servicePrinter);
register(resources.endpoints, core.endpointsPrinter);
register(resources.endpointSlices, core.endpointSlicePrinter);
register(resources.coreEvents, core.coreEventPrinter);
register(resources.eventsV1, core.eventV1Printer);
register(resources.leases, core.leasePrinter);
register(resources.resourceQuotas, core.resourceQuotaPrinter);
register(resources.podDisruptionBudgets, core.podDisruptionBudgetPrinter);
register(resources.priorityClasses, core.priorityClassPrinter);
register(resources.roleBindings, core.roleBindingPrinter);
register(resources.clusterRoleBindings, core.roleBindingPrinter);
register(resources.persistentVolumes, storage.persistentVolumePrinter);
register(resources.persistentVolumeClaims, storage.persistentVolumeClaimPrinter);
register(resources.storageClasses, storage.storageClassPrinter);
register(resources.volumeAttachments, storage.volumeAttachmentPrinter);
register(resources.csiNodes, storage.csiNodePrinter);
register(resources.csiDrivers, storage.csiDriverPrinter);
register(resources.csiStorageCapacities, storage.csiStorageCapacityPrinter);
register(resources.volumeAttributesClasses, storage.volumeAttributesClassPrinter);
register(resources.volumeSnapshots, snapshot.volumeSnapshotPrinter);
register(resources.volumeSnapshotContents, snapshot.volumeSnapshotContentPrinter);
register(resources.volumeSnapshotClasses, snapshot.volumeSnapshotClassPrinter);

const defaultPrinter = printer(['Name', 'Created At'], ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp ?? null,
]);

/** Prints objects as `kubectl get` shows them. Ages are taken at `nowMs` (milliseconds of Unix time). */
export function tableOf(type: ResourceType, objects: readonly KubernetesObject[], nowMs: number): PrintedTable {
  const { columns, cells } = printers.get(`${type.group}/${type.kind}`) ?? defaultPrinter;
  return { columnDefinitions: columns, rows: objects.map((object) => ({ cells: cells(object, nowMs) })) };
}
