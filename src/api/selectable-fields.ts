/** The fields that field selectors may name [A21]. */

import type { ReplicaSet } from './gen/apps.v1.gen.ts';
import type { Job } from './gen/batch.v1.gen.ts';
import type { Event, Namespace, Node, Pod, ReplicationController, Secret, Service } from './gen/core.v1.gen.ts';
import type { Event as EventV1 } from './gen/events.v1.gen.ts';
import type { CSIStorageCapacity } from './gen/storage.v1.gen.ts';
import type { KubernetesObject, ResourceType } from './meta/resource-type.ts';
import * as resources from './resources.ts';

type Fields = Readonly<Record<string, string>>;

interface FieldsOf {
  of(object: KubernetesObject): Fields;
}

const fieldsByKind = new Map<string, FieldsOf>();

function register<T extends KubernetesObject>(type: ResourceType<T>, of: (object: T) => Fields): void {
  const entry: { of(object: T): Fields } = { of };
  fieldsByKind.set(`${type.group}/${type.kind}`, entry as FieldsOf);
}

register(resources.pods, ({ spec, status }: Pod) => ({
  'spec.nodeName': spec.nodeName ?? '',
  'spec.restartPolicy': spec.restartPolicy ?? '',
  'spec.schedulerName': spec.schedulerName ?? '',
  'spec.serviceAccountName': spec.serviceAccountName ?? '',
  'spec.hostNetwork': String(spec.hostNetwork ?? false),
  'status.phase': status?.phase ?? '',
  'status.podIP': status?.podIPs?.[0]?.ip ?? status?.podIP ?? '',
  'status.nominatedNodeName': status?.nominatedNodeName ?? '',
}));
register(resources.nodes, ({ spec }: Node) => ({ 'spec.unschedulable': String(spec.unschedulable ?? false) }));
register(resources.namespaces, ({ metadata, status }: Namespace) => ({
  name: metadata.name,
  'status.phase': status?.phase ?? '',
}));
register(resources.secrets, ({ type }: Secret) => ({ type: type ?? '' }));
register(resources.services, ({ spec }: Service) => ({
  'spec.clusterIP': spec.clusterIP ?? '',
  'spec.type': spec.type ?? '',
}));
register(resources.replicationControllers, ({ status }: ReplicationController) => ({
  'status.replicas': String(status?.replicas ?? 0),
}));
register(resources.replicaSets, ({ status }: ReplicaSet) => ({ 'status.replicas': String(status?.replicas ?? 0) }));
register(resources.jobs, ({ status }: Job) => ({ 'status.successful': String(status?.succeeded ?? 0) }));
register(resources.csiStorageCapacities, ({ storageClassName }: CSIStorageCapacity) => ({
  storageClassName: storageClassName ?? '',
}));

function eventFields(event: Event): Fields {
  const { involvedObject: involved, source } = event;
  return {
    'involvedObject.kind': involved.kind ?? '',
    'involvedObject.namespace': involved.namespace ?? '',
    'involvedObject.name': involved.name ?? '',
    'involvedObject.uid': involved.uid ?? '',
    'involvedObject.apiVersion': involved.apiVersion ?? '',
    'involvedObject.resourceVersion': involved.resourceVersion ?? '',
    'involvedObject.fieldPath': involved.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  };
}

register(resources.coreEvents, eventFields);
register(resources.eventsV1, (event: EventV1) => {
  const { regarding, deprecatedSource, reportingController, ...rest } = event;
  const fields = eventFields({
    ...rest,
    involvedObject: regarding ?? {},
    ...(deprecatedSource ? { source: deprecatedSource } : {}),
    ...(reportingController ? { reportingComponent: reportingController } : {}),
  } as Event);
  const entries = Object.entries(fields).map(([name, value]) => [name.replace('involvedObject', 'regarding'), value]);
  return { ...Object.fromEntries(entries), reportingController: reportingController ?? '' };
});

/** The fields that a field selector may name for this kind, with this object's values. Other labels are refused. */
export function selectableFields(type: ResourceType, object: KubernetesObject): Fields {
  const { name, namespace } = object.metadata;
  return {
    'metadata.name': name,
    ...(type.namespaced ? { 'metadata.namespace': namespace ?? '' } : {}),
    ...fieldsByKind.get(`${type.group}/${type.kind}`)?.of(object),
  };
}

/** The refusal of a field selector that names another field. */
export function unsupportedFieldMessage(type: ResourceType, field: string): string {
  if (fieldsByKind.has(`${type.group}/${type.kind}`)) return `field label not supported: ${field}`;
  return `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
