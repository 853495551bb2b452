import type { Lease } from '../gen/coordination.v1.gen.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../gen/core.v1.gen.ts';
import type { EndpointSlice } from '../gen/discovery.v1.gen.ts';
import type { Event as EventV1 } from '../gen/events.v1.gen.ts';
import type { PodDisruptionBudget } from '../gen/policy.v1.gen.ts';
import type { ClusterRoleBinding, RoleBinding } from '../gen/rbac.v1.gen.ts';
import type { PriorityClass } from '../gen/scheduling.v1.gen.ts';
import { labelsText, none, since } from './cells.ts';
import { printer, type TableCell } from './table-types.ts';

const roleLabel = 'node-role.kubernetes.io/';
const unknown = '<unknown>';

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find((one) => one.type === 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (node.spec.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

function nodeRoles(node: Node): string {
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(node.metadata.labels ?? {})) {
    if (label.startsWith(roleLabel) && label.length > roleLabel.length) roles.add(label.slice(roleLabel.length));
    else if (label === 'kubernetes.io/role' && value) roles.add(value);
  }
  return roles.size === 0 ? none : [...roles].sort().join(',');
}

function nodeAddress(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? none;
}

export const nodePrinter = printer<Node>(
  [
    'Name',
    'Status',
    'Roles',
    'Age',
    'Version',
    '+Internal-IP',
    '+External-IP',
    '+OS-Image',
    '+Kernel-Version',
    '+Container-Runtime',
  ],
  (node, nowMs) => {
    const system = node.status?.nodeInfo;
    return [
      node.metadata.name,
      nodeStatus(node),
      nodeRoles(node),
      since(node.metadata.creationTimestamp, nowMs),
      system?.kubeletVersion ?? '',
      nodeAddress(node, 'InternalIP'),
      nodeAddress(node, 'ExternalIP'),
      system?.osImage || unknown,
      system?.kernelVersion || unknown,
      system?.containerRuntimeVersion || unknown,
    ];
  },
);

export const namespacePrinter = printer<Namespace>(['Name', 'Status', 'Age'], ({ metadata, status }, nowMs) => [
  metadata.name,
  status?.phase ?? '',
  since(metadata.creationTimestamp, nowMs),
]);

export const secretPrinter = printer<Secret>(['Name', 'Type', 'Data:integer', 'Age'], (secret, nowMs) => [
  secret.metadata.name,
  secret.type ?? 'Opaque',
  Object.keys(secret.data ?? {}).length,
  since(secret.metadata.creationTimestamp, nowMs),
]);

export const configMapPrinter = printer<ConfigMap>(['Name', 'Data:integer', 'Age'], (configMap, nowMs) => [
  configMap.metadata.name,
  Object.keys(configMap.data ?? {}).length + Object.keys(configMap.binaryData ?? {}).length,
  since(configMap.metadata.creationTimestamp, nowMs),
]);

export const serviceAccountPrinter = printer<ServiceAccount>(['Name', 'Secrets:integer', 'Age'], (account, nowMs) => [
  account.metadata.name,
  account.secrets?.length ?? 0,
  since(account.metadata.creationTimestamp, nowMs),
]);

function externalIp({ spec, status }: Service): string {
  const ips = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return ips.join(',') || none;
  const ingress = (status?.loadBalancer?.ingress ?? []).map((one) => one.ip ?? one.hostname ?? '');
  return [...ingress, ...ips].join(',') || '<pending>';
}

function servicePorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map((port) =>
    port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol}` : `${port.port}/${port.protocol}`,
  );
  return ports.join(',') || none;
}

export const servicePrinter = printer<Service>(
  ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', '+Selector'],
  (service, nowMs) => [
    service.metadata.name,
    service.spec.type ?? '',
    service.spec.clusterIPs?.[0] || service.spec.clusterIP || none,
    externalIp(service),
    servicePorts(service),
    since(service.metadata.creationTimestamp, nowMs),
    labelsText(service.spec.selector),
  ],
);

const maxEndpoints = 3;

export const endpointsPrinter = printer<Endpoints>(['Name', 'Endpoints', 'Age'], ({ metadata, subsets }, nowMs) => {
  const all = (subsets ?? []).flatMap((subset) =>
    (subset.addresses ?? []).flatMap(({ ip }) =>
      subset.ports?.length ? subset.ports.map((port) => `${ip}:${port.port}`) : [ip],
    ),
  );
  const more = all.length > maxEndpoints ? ` + ${all.length - maxEndpoints} more...` : '';
  const text = all.slice(0, maxEndpoints).join(',') || none;
  return [metadata.name, `${text}${more}`, since(metadata.creationTimestamp, nowMs)];
});

function shortened(texts: readonly string[]): string {
  if (texts.length === 0) return '<unset>';
  const more = texts.length > maxEndpoints ? ` + ${texts.length - maxEndpoints} more...` : '';
  return `${texts.slice(0, maxEndpoints).join(',')}${more}`;
}

export const endpointSlicePrinter = printer<EndpointSlice>(
  ['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'],
  (slice, nowMs) => [
    slice.metadata.name,
    slice.addressType,
    shortened((slice.ports ?? []).map((port) => String(port.port ?? '*'))),
    shortened((slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)),
    since(slice.metadata.creationTimestamp, nowMs),
  ],
);

const eventColumns = [
  'Last Seen',
  'Type',
  'Reason',
  'Object',
  '+Subobject',
  '+Source',
  'Message',
  '+First Seen',
  '+Count:integer',
  '+Name',
];

function eventCells(event: Event, nowMs: number): readonly TableCell[] {
  const { involvedObject: involved, series } = event;
  const first = since(event.firstTimestamp || event.eventTime, nowMs);
  const last = event.lastTimestamp ? since(event.lastTimestamp, nowMs) : first;
  const kind = (involved.kind ?? '').toLowerCase();
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return [
    series ? since(series.lastObservedTime, nowMs) : last,
    event.type ?? '',
    event.reason ?? '',
    involved.name ? `${kind}/${involved.name}` : kind,
    involved.fieldPath ?? '',
    instance ? `${component}, ${instance}` : component,
    (event.message ?? '').trim(),
    first,
    series?.count ?? (event.count || 1),
    event.metadata.name,
  ];
}

export const coreEventPrinter = printer<Event>(eventColumns, eventCells);

export const eventV1Printer = printer<EventV1>(eventColumns, (event, nowMs) => {
  const { regarding, note, deprecatedSource, deprecatedCount, ...rest } = event;
  return eventCells(
    {
      ...rest,
      involvedObject: regarding ?? {},
      message: note ?? '',
      ...(deprecatedSource ? { source: deprecatedSource } : {}),
      ...(deprecatedCount ? { count: deprecatedCount } : {}),
      ...(event.reportingController ? { reportingComponent: event.reportingController } : {}),
      firstTimestamp: event.deprecatedFirstTimestamp ?? '',
      lastTimestamp: event.deprecatedLastTimestamp ?? '',
    },
    nowMs,
  );
});

export const leasePrinter = printer<Lease>(['Name', 'Holder', 'Age'], ({ metadata, spec }, nowMs) => [
  metadata.name,
  spec.holderIdentity ?? '',
  since(metadata.creationTimestamp, nowMs),
]);

export const resourceQuotaPrinter = printer<ResourceQuota>(['Name', 'Request', 'Limit', 'Age'], (quota, nowMs) => {
  const entries = Object.entries(quota.status?.hard ?? {}).sort();
  const texts = entries.map(([name, hard]) => [name, `${name}: ${quota.status?.used?.[name] ?? '0'}/${hard}`] as const);
  const pick = (limits: boolean) => texts.filter(([name]) => name.startsWith('limits.') === limits);
  const join = (limits: boolean) =>
    pick(limits)
      .map(([, text]) => text)
      .join(', ');
  return [quota.metadata.name, join(false), join(true), since(quota.metadata.creationTimestamp, nowMs)];
});

export const podDisruptionBudgetPrinter = printer<PodDisruptionBudget>(
  ['Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions:integer', 'Age'],
  ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    String(spec.minAvailable ?? 'N/A'),
    String(spec.maxUnavailable ?? 'N/A'),
    status?.disruptionsAllowed ?? 0,
    since(metadata.creationTimestamp, nowMs),
  ],
);

export const priorityClassPrinter = printer<PriorityClass>(
  ['Name', 'Value:integer', 'Global-Default:boolean', 'Age', 'PreemptionPolicy'],
  (priorityClass, nowMs) => [
    priorityClass.metadata.name,
    priorityClass.value ?? 0,
    priorityClass.globalDefault ?? false,
    since(priorityClass.metadata.creationTimestamp, nowMs),
    priorityClass.preemptionPolicy ?? '',
  ],
);

export const roleBindingPrinter = printer<RoleBinding | ClusterRoleBinding>(
  ['Name', 'Role', 'Age', '+Users', '+Groups', '+ServiceAccounts'],
  ({ metadata, roleRef, subjects = [] }, nowMs) => {
    const names = (kind: string) => subjects.filter((subject) => subject.kind === kind).map(({ name }) => name);
    const accounts = subjects
      .filter((subject) => subject.kind === 'ServiceAccount')
      .map((subject) => `${subject.namespace}/${subject.name}`);
    return [
      metadata.name,
      `${roleRef.kind}/${roleRef.name}`,
      since(metadata.creationTimestamp, nowMs),
      names('User').join(', '),
      names('Group').join(', '),
      accounts.join(', '),
    ];
  },
);
