/** The smaller kinds of the core group, and custom resource definitions, roles and priority classes. */
import type { CustomResourceDefinition } from '../gen/apiextensions.v1.gen.ts';
import type {
  LimitRange,
  LimitRangeItem,
  Namespace,
  Node,
  Secret,
  Service,
  ServicePort,
  ServiceSpec,
} from '../gen/core.v1.gen.ts';
import type { EndpointSlice } from '../gen/discovery.v1.gen.ts';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../gen/rbac.v1.gen.ts';
import type { PriorityClass } from '../gen/scheduling.v1.gen.ts';
import { change, changeEach, fill } from './fill.ts';

const sessionSeconds = 10_800;
const rbacGroup = 'rbac.authorization.k8s.io';

/** stringData is for writing only: its texts become data. */
export function defaultSecret(secret: Secret): Secret {
  const typed = fill(secret, { type: 'Opaque' });
  const { stringData, ...rest } = typed;
  if (!stringData) return typed;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
  return { ...rest, data: { ...secret.data, ...Object.fromEntries(encoded) } };
}

export function defaultNamespace(namespace: Namespace): Namespace {
  const { name, labels } = namespace.metadata;
  const named = !name || labels?.['kubernetes.io/metadata.name'] === name;
  return {
    ...namespace,
    metadata: named
      ? namespace.metadata
      : { ...namespace.metadata, labels: { ...labels, 'kubernetes.io/metadata.name': name } },
    spec: fill(namespace.spec, { finalizers: ['kubernetes'] }),
    status: fill(namespace.status ?? {}, { phase: 'Active' }),
  };
}

export function defaultNode(node: Node): Node {
  const status = node.status ?? {};
  return {
    ...node,
    status: status.capacity ? fill(status, { allocatable: status.capacity }) : status,
  };
}

function defaultServicePort(port: ServicePort): ServicePort {
  return fill(port.targetPort === 0 ? { ...port, targetPort: port.port } : port, {
    protocol: 'TCP',
    targetPort: port.port,
  });
}

function defaultServiceSpec(given: ServiceSpec): ServiceSpec {
  const spec = changeEach(fill(given, { sessionAffinity: 'None', type: 'ClusterIP' }), 'ports', defaultServicePort);
  const isExternalName = spec.type === 'ExternalName';
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  return fill(spec, {
    ...(spec.sessionAffinity === 'ClientIP'
      ? { sessionAffinityConfig: { clientIP: { timeoutSeconds: sessionSeconds } } }
      : {}),
    ...(isExternalName
      ? {}
      : { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
    ...(isExternal ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(spec.type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
    ...(spec.clusterIP ? { clusterIPs: [spec.clusterIP] } : {}),
  });
}

export function defaultService(service: Service): Service {
  return {
    ...service,
    spec: defaultServiceSpec(service.spec),
    status: fill(service.status ?? {}, { loadBalancer: {} }),
  };
}

function defaultLimit(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== 'Container') return item;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  return {
    ...item,
    ...(Object.keys(limits).length > 0 ? { default: limits } : {}),
    ...(Object.keys(requests).length > 0 ? { defaultRequest: requests } : {}),
  };
}

export function defaultLimitRange(range: LimitRange): LimitRange {
  return change(range, 'spec', (spec) => changeEach(spec, 'limits', defaultLimit));
}

export function defaultPriorityClass(priorityClass: PriorityClass): PriorityClass {
  return fill(priorityClass, { preemptionPolicy: 'PreemptLowerPriority' });
}

export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  return changeEach(slice, 'ports', (port: NonNullable<EndpointSlice['ports']>[number]) =>
    fill(port, { name: '', protocol: 'TCP' }),
  );
}

function defaultSubject(subject: Subject): Subject {
  return subject.kind === 'ServiceAccount' ? subject : fill(subject, { apiGroup: rbacGroup });
}

export function defaultRoleBinding<T extends RoleBinding | ClusterRoleBinding>(binding: T): T {
  const result: RoleBinding | ClusterRoleBinding = change<RoleBinding | ClusterRoleBinding, 'roleRef'>(
    binding,
    'roleRef',
    (roleRef) => fill(roleRef, { apiGroup: rbacGroup }),
  );
  return changeEach(result, 'subjects', defaultSubject) as T;
}

export function defaultCustomResourceDefinition(definition: CustomResourceDefinition): CustomResourceDefinition {
  return change(definition, 'spec', (spec) => {
    const kind = spec.names?.kind ?? '';
    const named = change(spec, 'names', (names) =>
      fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` }),
    );
    return fill(named, { conversion: { strategy: 'None' } });
  });
}
