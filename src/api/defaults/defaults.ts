/** The defaults of every kind. */
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import { schemaRefOf } from '../schema.ts';
import { defaultClaim } from './claims.ts';
import * as core from './core.ts';
import { defaultPersistentVolume } from './persistent-volume.ts';
import { defaultPod, defaultPodTemplate } from './pod.ts';
import { completeStruct } from './required-fields.ts';
import * as storage from './storage.ts';
import * as workloads from './workloads.ts';

interface Defaulter {
  /** A method, so that each kind's function fits here with the type of its own objects. */
  apply(object: KubernetesObject): KubernetesObject;
}

const defaulters = new Map<string, Defaulter>();

function register<T extends KubernetesObject>(type: ResourceType<T>, apply: (object: T) => T): void {
  const defaulter: { apply(object: T): T } = { apply };
  defaulters.set(`${type.group}/${type.kind}`, defaulter as Defaulter);
}

register(resources.pods, defaultPod);
register(resources.persistentVolumes, defaultPersistentVolume);
register(resources.persistentVolumeClaims, defaultClaim);
register(resources.nodes, core.defaultNode);
register(resources.namespaces, core.defaultNamespace);
register(resources.secrets, core.defaultSecret);
register(resources.services, core.defaultService);
register(resources.limitRanges, core.defaultLimitRange);
register(resources.podTemplates, (object) =>
  object.template ? { ...object, template: defaultPodTemplate(object.template) } : object,
);
register(resources.replicationControllers, workloads.defaultReplicationController);
register(resources.statefulSets, workloads.defaultStatefulSet);
register(resources.deployments, workloads.defaultDeployment);
register(resources.replicaSets, workloads.defaultReplicaSet);
register(resources.daemonSets, workloads.defaultDaemonSet);
register(resources.jobs, workloads.defaultJob);
register(resources.cronJobs, workloads.defaultCronJob);
register(resources.storageClasses, storage.defaultStorageClass);
register(resources.csiDrivers, storage.defaultCsiDriver);
register(resources.volumeAttachments, storage.defaultVolumeAttachment);
register(resources.priorityClasses, core.defaultPriorityClass);
register(resources.endpointSlices, core.defaultEndpointSlice);
register(resources.roleBindings, core.defaultRoleBinding);
register(resources.clusterRoleBindings, core.defaultRoleBinding);
register(resources.customResourceDefinitions, core.defaultCustomResourceDefinition);

/** The object with required fields and the defaults of its kind. The input, which must have been decoded, is not changed. */
export function applyDefaults<T extends KubernetesObject>(type: ResourceType, object: T): T {
  const ref = schemaRefOf(type);
  const complete =
    ref === undefined
      ? object
      : (completeStruct(ref, object as unknown as Readonly<Record<string, unknown>>) as unknown as T);
  const defaulter = defaulters.get(`${type.group}/${type.kind}`);
  return defaulter ? (defaulter.apply(complete) as T) : complete;
}
