/** The kinds that are served, one constant each: what clients and the server name a resource by. */
import type * as apiextensions from './gen/apiextensions.v1.gen.ts';
import type * as apps from './gen/apps.v1.gen.ts';
import type * as batch from './gen/batch.v1.gen.ts';
import type * as coordination from './gen/coordination.v1.gen.ts';
import type * as core from './gen/core.v1.gen.ts';
import type * as discovery from './gen/discovery.v1.gen.ts';
import type * as events from './gen/events.v1.gen.ts';
import type * as policy from './gen/policy.v1.gen.ts';
import type * as rbac from './gen/rbac.v1.gen.ts';
import type * as scheduling from './gen/scheduling.v1.gen.ts';
import type * as snapshot from './gen/snapshot.v1.gen.ts';
import type * as storage from './gen/storage.v1.gen.ts';
import type { KubernetesObject, ResourceType } from './meta/resource-type.ts';

interface Details {
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly string[];
}

function group(name: string, version = 'v1') {
  const define =
    (namespaced: boolean) =>
    <T extends KubernetesObject>(kind: string, plural: string, details: Details = {}): ResourceType<T> => ({
      group: name,
      version,
      kind,
      plural,
      namespaced,
      singular: details.singular ?? kind.toLowerCase(),
      shortNames: details.shortNames ?? [],
      categories: details.categories ?? [],
      subresources: details.subresources ?? [],
    });
  return { namespaced: define(true), cluster: define(false) };
}

const all = ['all'];
const status = ['status'];
const coreGroup = group('');
export const pods = coreGroup.namespaced<core.Pod>('Pod', 'pods', {
  shortNames: ['po'],
  categories: all,
  subresources: status,
});
export const persistentVolumes = coreGroup.cluster<core.PersistentVolume>('PersistentVolume', 'persistentvolumes', {
  shortNames: ['pv'],
  subresources: status,
});
export const persistentVolumeClaims = coreGroup.namespaced<core.PersistentVolumeClaim>(
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
  { shortNames: ['pvc'], subresources: status },
);
export const nodes = coreGroup.cluster<core.Node>('Node', 'nodes', { shortNames: ['no'], subresources: status });
export const namespaces = coreGroup.cluster<core.Namespace>('Namespace', 'namespaces', {
  shortNames: ['ns'],
  subresources: ['status', 'finalize'],
});
export const secrets = coreGroup.namespaced<core.Secret>('Secret', 'secrets');
export const configMaps = coreGroup.namespaced<core.ConfigMap>('ConfigMap', 'configmaps', { shortNames: ['cm'] });
export const coreEvents = coreGroup.namespaced<core.Event>('Event', 'events', { shortNames: ['ev'] });
export const serviceAccounts = coreGroup.namespaced<core.ServiceAccount>('ServiceAccount', 'serviceaccounts', {
  shortNames: ['sa'],
});
export const services = coreGroup.namespaced<core.Service>('Service', 'services', {
  shortNames: ['svc'],
  categories: all,
  subresources: status,
});
export const endpoints = coreGroup.namespaced<core.Endpoints>('Endpoints', 'endpoints', {
  shortNames: ['ep'],
  singular: 'endpoints',
});
export const limitRanges = coreGroup.namespaced<core.LimitRange>('LimitRange', 'limitranges', {
  shortNames: ['limits'],
});
export const resourceQuotas = coreGroup.namespaced<core.ResourceQuota>('ResourceQuota', 'resourcequotas', {
  shortNames: ['quota'],
  subresources: status,
});
export const replicationControllers = coreGroup.namespaced<core.ReplicationController>(
  'ReplicationController',
  'replicationcontrollers',
  { shortNames: ['rc'], categories: all, subresources: ['status', 'scale'] },
);
export const podTemplates = coreGroup.namespaced<core.PodTemplate>('PodTemplate', 'podtemplates');

const appsGroup = group('apps');
const scalable = ['status', 'scale'];
export const statefulSets = appsGroup.namespaced<apps.StatefulSet>('StatefulSet', 'statefulsets', {
  shortNames: ['sts'],
  categories: all,
  subresources: scalable,
});
export const deployments = appsGroup.namespaced<apps.Deployment>('Deployment', 'deployments', {
  shortNames: ['deploy'],
  categories: all,
  subresources: scalable,
});
export const replicaSets = appsGroup.namespaced<apps.ReplicaSet>('ReplicaSet', 'replicasets', {
  shortNames: ['rs'],
  categories: all,
  subresources: scalable,
});
export const daemonSets = appsGroup.namespaced<apps.DaemonSet>('DaemonSet', 'daemonsets', {
  shortNames: ['ds'],
  categories: all,
  subresources: status,
});
export const controllerRevisions = appsGroup.namespaced<apps.ControllerRevision>(
  'ControllerRevision',
  'controllerrevisions',
);

const batchGroup = group('batch');
export const jobs = batchGroup.namespaced<batch.Job>('Job', 'jobs', { categories: all, subresources: status });
export const cronJobs = batchGroup.namespaced<batch.CronJob>('CronJob', 'cronjobs', {
  shortNames: ['cj'],
  categories: all,
  subresources: status,
});

const storageGroup = group('storage.k8s.io');
export const storageClasses = storageGroup.cluster<storage.StorageClass>('StorageClass', 'storageclasses', {
  shortNames: ['sc'],
});
export const volumeAttachments = storageGroup.cluster<storage.VolumeAttachment>(
  'VolumeAttachment',
  'volumeattachments',
  { subresources: status },
);
export const csiNodes = storageGroup.cluster<storage.CSINode>('CSINode', 'csinodes');
export const csiDrivers = storageGroup.cluster<storage.CSIDriver>('CSIDriver', 'csidrivers');
export const csiStorageCapacities = storageGroup.namespaced<storage.CSIStorageCapacity>(
  'CSIStorageCapacity',
  'csistoragecapacities',
);
export const volumeAttributesClasses = storageGroup.cluster<storage.VolumeAttributesClass>(
  'VolumeAttributesClass',
  'volumeattributesclasses',
  { shortNames: ['vac'] },
);

const snapshotGroup = group('snapshot.storage.k8s.io');
export const volumeSnapshots = snapshotGroup.namespaced<snapshot.VolumeSnapshot>('VolumeSnapshot', 'volumesnapshots', {
  shortNames: ['vs'],
  subresources: status,
});
export const volumeSnapshotContents = snapshotGroup.cluster<snapshot.VolumeSnapshotContent>(
  'VolumeSnapshotContent',
  'volumesnapshotcontents',
  { shortNames: ['vsc', 'vscs'], subresources: status },
);
export const volumeSnapshotClasses = snapshotGroup.cluster<snapshot.VolumeSnapshotClass>(
  'VolumeSnapshotClass',
  'volumesnapshotclasses',
  { shortNames: ['vsclass', 'vsclasses'] },
);

export const leases = group('coordination.k8s.io').namespaced<coordination.Lease>('Lease', 'leases');
export const eventsV1 = group('events.k8s.io').namespaced<events.Event>('Event', 'events', { shortNames: ['ev'] });
export const priorityClasses = group('scheduling.k8s.io').cluster<scheduling.PriorityClass>(
  'PriorityClass',
  'priorityclasses',
  { shortNames: ['pc'] },
);
export const podDisruptionBudgets = group('policy').namespaced<policy.PodDisruptionBudget>(
  'PodDisruptionBudget',
  'poddisruptionbudgets',
  { shortNames: ['pdb'], subresources: status },
);
export const endpointSlices = group('discovery.k8s.io').namespaced<discovery.EndpointSlice>(
  'EndpointSlice',
  'endpointslices',
);
export const customResourceDefinitions = group('apiextensions.k8s.io').cluster<apiextensions.CustomResourceDefinition>(
  'CustomResourceDefinition',
  'customresourcedefinitions',
  { shortNames: ['crd', 'crds'], categories: ['api-extensions'], subresources: status },
);

const rbacGroup = group('rbac.authorization.k8s.io');
export const roles = rbacGroup.namespaced<rbac.Role>('Role', 'roles');
export const clusterRoles = rbacGroup.cluster<rbac.ClusterRole>('ClusterRole', 'clusterroles');
export const roleBindings = rbacGroup.namespaced<rbac.RoleBinding>('RoleBinding', 'rolebindings');
export const clusterRoleBindings = rbacGroup.cluster<rbac.ClusterRoleBinding>(
  'ClusterRoleBinding',
  'clusterrolebindings',
);

/** Every stored kind, in the order of discovery. */
export const builtInResources: readonly ResourceType[] = [
  configMaps,
  endpoints,
  coreEvents,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
  cronJobs,
  jobs,
  eventsV1,
  podDisruptionBudgets,
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  customResourceDefinitions,
  priorityClasses,
  leases,
  endpointSlices,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
];
