/** The roles that exist from the start. What an administrator makes of them later stays. */
import {
  type ClusterRole,
  type ClusterRoleBinding,
  clusterRoleBindings,
  clusterRoles,
  type Draft,
  groupResourceOf,
  type PolicyRule,
} from '../../api/index.ts';
import { type Clock, deepFreeze, type Random, timestamp } from '../../base/index.ts';
import { type Store, StoreConflict } from '../store/store.ts';
import { componentRoles, componentSubjects, type Subject } from './component-policy.ts';

const rbacVersion = 'rbac.authorization.k8s.io/v1';
const rbacGroup = 'rbac.authorization.k8s.io';
const bootstrapLabel = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

const readVerbs = ['get', 'list', 'watch'];
const writeVerbs = ['create', 'delete', 'deletecollection', 'patch', 'update'];

/** What a namespace's users work with, by group. Secrets are for those who may edit. */
const workloads: readonly PolicyRule[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
    ],
    verbs: [],
  },
  {
    apiGroups: ['apps'],
    resources: [
      'controllerrevisions',
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
    verbs: [],
  },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: [] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: [] },
];

const withVerbs = (verbs: readonly string[]) => workloads.map((rule) => ({ ...rule, verbs }));

const viewRules: readonly PolicyRule[] = [
  ...withVerbs(readVerbs),
  {
    apiGroups: [''],
    resources: [
      'events',
      'limitranges',
      'namespaces',
      'pods/log',
      'pods/status',
      'persistentvolumeclaims/status',
      'resourcequotas',
    ],
    verbs: readVerbs,
  },
];

const editRules: readonly PolicyRule[] = [
  ...viewRules,
  ...withVerbs(writeVerbs),
  { apiGroups: [''], resources: ['secrets'], verbs: [...readVerbs, ...writeVerbs] },
  {
    apiGroups: [''],
    resources: ['pods/attach', 'pods/eviction', 'pods/exec', 'pods/portforward'],
    verbs: ['create', 'get'],
  },
];

const adminRules: readonly PolicyRule[] = [
  ...editRules,
  { apiGroups: [rbacGroup], resources: ['rolebindings', 'roles'], verbs: [...readVerbs, ...writeVerbs] },
  { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
];

const everything: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

const publicPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const discoveryPaths = [...publicPaths, '/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];

const roleRules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': everything,
  admin: adminRules,
  edit: editRules,
  view: viewRules,
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:discovery': [{ nonResourceURLs: discoveryPaths, verbs: ['get'] }],
  'system:public-info-viewer': [{ nonResourceURLs: publicPaths, verbs: ['get'] }],
};

const boundGroups: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
};

function roles(): readonly Draft<ClusterRole>[] {
  return Object.entries({ ...roleRules, ...componentRoles }).map(([name, rules]) => ({
    apiVersion: rbacVersion,
    kind: 'ClusterRole',
    metadata: { name, labels: bootstrapLabel },
    rules,
  }));
}

function bindings(): readonly Draft<ClusterRoleBinding>[] {
  const groupSubjects = Object.entries(boundGroups).map(
    ([name, groups]) =>
      [name, groups.map((group): Subject => ({ apiGroup: rbacGroup, kind: 'Group', name: group }))] as const,
  );
  return [...groupSubjects, ...Object.entries(componentSubjects)].map(([name, subjects]) => ({
    apiVersion: rbacVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: bootstrapLabel },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
    subjects,
  }));
}

export interface PolicyServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** Creates what is missing, past all authorization: there is nobody yet who could be asked. */
export async function ensureBootstrapPolicy(services: PolicyServices): Promise<void> {
  const drafts = [
    ...roles().map((draft) => ({ prefix: `${groupResourceOf(clusterRoles)}/`, draft })),
    ...bindings().map((draft) => ({ prefix: `${groupResourceOf(clusterRoleBindings)}/`, draft })),
  ];
  await Promise.all(drafts.map(({ prefix, draft }) => ensure(services, `${prefix}${draft.metadata.name}`, draft)));
}

async function ensure(
  { store, clock, random }: PolicyServices,
  key: string,
  draft: Draft<ClusterRole> | Draft<ClusterRoleBinding>,
): Promise<void> {
  if (await store.get(key)) return;
  const metadata = { ...draft.metadata, uid: random.uuid(), creationTimestamp: timestamp(clock) };
  const object = deepFreeze({ ...draft, metadata }) as ClusterRole | ClusterRoleBinding;
  try {
    await store.write({ key, expectedRevision: 0, object });
  } catch (thrown) {
    // Another server of the same store was faster.
    if (!(thrown instanceof StoreConflict)) throw thrown;
  }
}
