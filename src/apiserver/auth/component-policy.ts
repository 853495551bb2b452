/**
 * The roles of the controller manager, of each of its controllers, of the scheduler and of the snapshot controller, as a
 * Kubernetes 1.36 cluster has them: what suffices here suffices there. Upstream:
 * plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
 */
import type { ClusterRoleBinding, PolicyRule } from '../../api/index.ts';

export type Subject = NonNullable<ClusterRoleBinding['subjects']>[number];

const read = ['get', 'list', 'watch'];
const readUpdate = [...read, 'update', 'patch'];

function rule(
  verbs: readonly string[],
  groups: string | readonly string[],
  ...resources: readonly string[]
): PolicyRule {
  return { apiGroups: [groups].flat(), resources, verbs };
}

const events = rule(['create', 'update', 'patch'], ['', 'events.k8s.io'], 'events');
const lease = (name: string): readonly PolicyRule[] => [
  rule(['create'], 'coordination.k8s.io', 'leases'),
  { ...rule(['get', 'update'], 'coordination.k8s.io', 'leases'), resourceNames: [name] },
];
/** To ask who a client is and what it may do. */
const delegation = [
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
];

const apps = ['extensions', 'apps'];
const podsOfOwner = rule(['list', 'watch', 'create', 'delete', 'patch'], '', 'pods');

/** By service account in kube-system: `system:controller:<account>`. */
const controllerRules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule(['list', 'watch'], '', 'persistentvolumes', 'persistentvolumeclaims', 'pods'),
    rule(read, '', 'nodes'),
    rule(['patch', 'update'], '', 'nodes/status'),
    events,
    // Upstream's may not patch them: ours makes the late delete of a leader before it fail, see docs/detaching.md.
    rule([...read, 'create', 'delete', 'patch'], 'storage.k8s.io', 'volumeattachments'),
    rule(read, 'storage.k8s.io', 'csidrivers', 'csinodes'),
  ],
  'cronjob-controller': [
    rule([...read, 'update'], 'batch', 'cronjobs'),
    rule([...read, 'create', 'update', 'delete', 'patch'], 'batch', 'jobs'),
    rule(['update'], 'batch', 'cronjobs/status', 'cronjobs/finalizers'),
    rule(['list', 'watch', 'delete'], '', 'pods'),
    events,
  ],
  'daemon-set-controller': [
    rule(read, apps, 'daemonsets'),
    rule(['update'], apps, 'daemonsets/status', 'daemonsets/finalizers'),
    rule(['list', 'watch'], '', 'nodes'),
    podsOfOwner,
    rule(['create'], '', 'pods/binding'),
    rule([...read, 'create', 'delete', 'update', 'patch'], 'apps', 'controllerrevisions'),
    events,
  ],
  'deployment-controller': [
    rule([...read, 'update'], apps, 'deployments'),
    rule(['update'], apps, 'deployments/status', 'deployments/finalizers'),
    rule([...read, 'create', 'update', 'patch', 'delete'], apps, 'replicasets'),
    rule([...read, 'update'], '', 'pods'),
    events,
  ],
  'endpoint-controller': [
    rule(read, '', 'services', 'pods'),
    rule([...read, 'create', 'update', 'delete'], '', 'endpoints'),
    rule(['create'], '', 'endpoints/restricted'),
    events,
  ],
  'endpointslice-controller': [
    rule(read, '', 'services', 'pods', 'nodes'),
    rule(['update'], '', 'services/finalizers'),
    rule([...read, 'create', 'update', 'delete'], 'discovery.k8s.io', 'endpointslices'),
    events,
  ],
  'ephemeral-volume-controller': [
    rule(read, '', 'pods'),
    rule(['update'], '', 'pods/finalizers'),
    rule([...read, 'create'], '', 'persistentvolumeclaims'),
    events,
  ],
  'expand-controller': [
    rule(readUpdate, '', 'persistentvolumes'),
    rule(['update', 'patch'], '', 'persistentvolumeclaims/status'),
    rule(read, '', 'persistentvolumeclaims'),
    events,
  ],
  'generic-garbage-collector': [rule([...read, 'patch', 'update', 'delete'], '*', '*'), events],
  'job-controller': [
    rule(readUpdate, 'batch', 'jobs'),
    rule(['update'], 'batch', 'jobs/status', 'jobs/finalizers'),
    podsOfOwner,
    events,
  ],
  'namespace-controller': [
    rule([...read, 'delete'], '', 'namespaces'),
    rule(['update'], '', 'namespaces/finalize', 'namespaces/status'),
    rule([...read, 'delete', 'deletecollection'], '*', '*'),
  ],
  'node-controller': [
    rule([...readUpdate, 'delete'], '', 'nodes'),
    rule(['patch', 'update'], '', 'nodes/status', 'pods/status'),
    rule([...read, 'delete'], '', 'pods'),
    events,
  ],
  'persistent-volume-binder': [
    rule([...read, 'update', 'create', 'delete'], '', 'persistentvolumes'),
    rule(['update'], '', 'persistentvolumes/status', 'persistentvolumeclaims/status'),
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule([...read, 'create', 'delete'], '', 'pods'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule(['list', 'watch'], '', 'nodes'),
    events,
    rule(['watch'], '', 'events'),
  ],
  'pod-garbage-collector': [
    rule(['list', 'watch', 'delete'], '', 'pods'),
    rule(read, '', 'nodes'),
    rule(['patch'], '', 'pods/status'),
  ],
  'pv-protection-controller': [rule([...read, 'update'], '', 'persistentvolumes'), events],
  'pvc-protection-controller': [
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    // Upstream's has it where the gate PersistentVolumeClaimUnusedSinceTime is on.
    rule(['update'], '', 'persistentvolumeclaims/status'),
    rule(read, '', 'pods'),
    events,
  ],
  'replicaset-controller': [
    rule([...read, 'update'], apps, 'replicasets'),
    rule(['update'], apps, 'replicasets/status', 'replicasets/finalizers'),
    podsOfOwner,
    events,
  ],
  'replication-controller': [
    rule([...read, 'update'], '', 'replicationcontrollers'),
    rule(['update'], '', 'replicationcontrollers/status', 'replicationcontrollers/finalizers'),
    podsOfOwner,
    events,
  ],
  'resourcequota-controller': [
    rule(['list', 'watch'], '*', '*'),
    rule(['update'], '', 'resourcequotas/status'),
    events,
  ],
  'root-ca-cert-publisher': [rule(['create', 'update'], '', 'configmaps'), events],
  'service-account-controller': [rule(['create'], '', 'serviceaccounts'), events],
  'statefulset-controller': [
    rule([...read, 'create', 'delete', 'update', 'patch'], '', 'pods'),
    rule(read, 'apps', 'statefulsets'),
    rule(['update'], 'apps', 'statefulsets/status', 'statefulsets/finalizers'),
    rule([...read, 'create', 'delete', 'update', 'patch'], 'apps', 'controllerrevisions'),
    rule([...read, 'create', 'update', 'delete'], '', 'persistentvolumeclaims'),
    rule(['update'], '', 'pods/finalizers'),
    events,
  ],
  'ttl-after-finished-controller': [rule([...read, 'delete'], 'batch', 'jobs'), events],
  'volumeattributesclass-protection-controller': [
    rule(read, '', 'persistentvolumeclaims', 'persistentvolumes'),
    rule([...read, 'update'], 'storage.k8s.io', 'volumeattributesclasses'),
    events,
  ],
};

const controllerManagerRules: readonly PolicyRule[] = [
  events,
  ...lease('kube-controller-manager'),
  rule(['create'], '', 'secrets', 'serviceaccounts', 'serviceaccounts/token'),
  rule(['delete'], '', 'secrets'),
  rule(['get'], '', 'namespaces', 'secrets', 'serviceaccounts', 'configmaps'),
  rule(['update'], '', 'secrets', 'serviceaccounts'),
  ...delegation,
  // For the informers that the controllers share.
  rule(['list', 'watch'], '*', '*'),
];

const schedulerRules: readonly PolicyRule[] = [
  events,
  ...lease('kube-scheduler'),
  rule(read, '', 'nodes', 'namespaces', 'services', 'replicationcontrollers'),
  rule([...read, 'delete'], '', 'pods'),
  rule(['create'], '', 'pods/binding', 'bindings'),
  rule(['patch', 'update'], '', 'pods/status'),
  rule(read, apps, 'replicasets'),
  rule(read, 'apps', 'statefulsets'),
  rule(read, 'policy', 'poddisruptionbudgets'),
  rule(read, '', 'persistentvolumeclaims', 'persistentvolumes'),
  ...delegation,
  rule(read, 'storage.k8s.io', 'csinodes', 'csidrivers', 'csistoragecapacities', 'volumeattachments'),
];

const snapshots = 'snapshot.storage.k8s.io';
/** Upstream: external-snapshotter deploy/kubernetes/snapshot-controller/rbac-snapshot-controller.yaml. */
const snapshotControllerRules: readonly PolicyRule[] = [
  rule(read, '', 'persistentvolumes', 'nodes'),
  rule([...read, 'update'], '', 'persistentvolumeclaims'),
  rule(['list', 'watch', 'create', 'update', 'patch'], ['', 'events.k8s.io'], 'events'),
  rule(read, snapshots, 'volumesnapshotclasses'),
  rule([...readUpdate, 'create', 'delete'], snapshots, 'volumesnapshotcontents'),
  rule(['patch'], snapshots, 'volumesnapshotcontents/status'),
  rule([...readUpdate, 'create', 'delete'], snapshots, 'volumesnapshots'),
  rule(['update', 'patch'], snapshots, 'volumesnapshots/status'),
  ...lease('snapshot-controller-leader'),
];

const volumeSchedulerRules: readonly PolicyRule[] = [
  rule(readUpdate, '', 'persistentvolumes', 'persistentvolumeclaims'),
  rule(read, 'storage.k8s.io', 'storageclasses'),
];

const prefix = 'system:controller:';

export const componentRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  'system:kube-controller-manager': controllerManagerRules,
  'system:kube-scheduler': schedulerRules,
  'system:volume-scheduler': volumeSchedulerRules,
  'snapshot-controller-runner': snapshotControllerRules,
  ...Object.fromEntries(Object.entries(controllerRules).map(([account, rules]) => [prefix + account, rules])),
};

const user = (name: string): Subject => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name });

export const componentSubjects: Readonly<Record<string, readonly Subject[]>> = {
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
  'snapshot-controller-runner': [{ kind: 'ServiceAccount', name: 'snapshot-controller', namespace: 'kube-system' }],
  ...Object.fromEntries(
    Object.keys(controllerRules).map((name) => [
      prefix + name,
      [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
    ]),
  ),
};
