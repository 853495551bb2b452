/** The rules of every kind. */
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import { checkDns1035Label, checkDnsLabel, checkDnsSubdomain, checkPathSegment, type NameCheck } from '../names.ts';
import * as resources from '../resources.ts';
import * as core from './core-kinds.ts';
import { validateCustomResourceDefinition } from './custom-resource-definition.ts';
import { isEqual } from './equal.ts';
import { type FieldError, FieldErrors } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateLimitRange } from './limit-range.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts';
import * as volumes from './persistent-volume.ts';
import * as claims from './persistent-volume-claim.ts';
import { validatePod, validatePodTemplate, validatePodUpdate } from './pod.ts';
import { validatePodDisruptionBudget, validatePodDisruptionBudgetStatus } from './policy.ts';
import { validateResourceQuota, validateResourceQuotaStatus, validateResourceQuotaUpdate } from './resource-quota.ts';
import * as snapshot from './snapshot.ts';
import * as storage from './storage.ts';
import * as workloads from './workloads.ts';

interface Rules<T extends KubernetesObject> {
  readonly checkName?: NameCheck;
  create?(errors: FieldErrors, object: T): void;
  /** Without it, a changed object must satisfy the rules of a new one. */
  update?(errors: FieldErrors, object: T, previous: T): void;
  status?(errors: FieldErrors, object: T): void;
}

const metadataPath = FieldPath.of('metadata');
const registry = new Map<string, Rules<KubernetesObject>>();

function register<T extends KubernetesObject>(type: ResourceType<T>, rules: Rules<T>): void {
  registry.set(`${type.group}/${type.kind}`, rules as Rules<KubernetesObject>);
}

function unchanged<T extends KubernetesObject & { readonly spec: { readonly selector?: unknown } }>(
  create: (errors: FieldErrors, object: T) => void,
) {
  return (errors: FieldErrors, object: T, previous: T) => {
    create(errors, object);
    workloads.validateSelectorUnchanged(errors, object, previous);
  };
}

register(resources.pods, { create: validatePod, update: validatePodUpdate });
register(resources.persistentVolumes, {
  create: volumes.validatePersistentVolume,
  update: volumes.validatePersistentVolumeUpdate,
});
register(resources.persistentVolumeClaims, {
  create: claims.validateClaim,
  update: claims.validateClaimUpdate,
  status: claims.validateClaimStatus,
});
register(resources.storageClasses, {
  create: storage.validateStorageClass,
  update: storage.validateStorageClassUpdate,
});
register(resources.volumeAttributesClasses, {
  create: storage.validateVolumeAttributesClass,
  update: storage.validateVolumeAttributesClassUpdate,
});
register(resources.volumeAttachments, {
  create: storage.validateVolumeAttachment,
  update: storage.validateVolumeAttachmentUpdate,
  status: storage.validateVolumeAttachmentStatus,
});
register(resources.csiNodes, { create: storage.validateCsiNode, update: storage.validateCsiNodeUpdate });
register(resources.csiDrivers, { create: storage.validateCsiDriver, update: storage.validateCsiDriverUpdate });
register(resources.csiStorageCapacities, {
  create: storage.validateCsiStorageCapacity,
  update: storage.validateCsiStorageCapacityUpdate,
});
register(resources.volumeSnapshots, {
  create: snapshot.validateVolumeSnapshot,
  update: snapshot.validateVolumeSnapshotUpdate,
  status: snapshot.validateVolumeSnapshotStatus,
});
register(resources.volumeSnapshotContents, {
  create: snapshot.validateVolumeSnapshotContent,
  update: snapshot.validateVolumeSnapshotContentUpdate,
  status: snapshot.validateVolumeSnapshotContentStatus,
});
register(resources.volumeSnapshotClasses, { create: snapshot.validateVolumeSnapshotClass });
register(resources.statefulSets, {
  checkName: checkDnsLabel,
  create: workloads.validateStatefulSet,
  update: workloads.validateStatefulSetUpdate,
});
register(resources.deployments, {
  create: workloads.validateDeployment,
  update: unchanged(workloads.validateDeployment),
});
register(resources.daemonSets, { create: workloads.validateDaemonSet, update: unchanged(workloads.validateDaemonSet) });
register(resources.replicaSets, {
  create: workloads.validateReplicaSet,
  update: unchanged(workloads.validateReplicaSet),
});
register(resources.replicationControllers, { create: workloads.validateReplicationController });
register(resources.jobs, { create: workloads.validateJob, update: workloads.validateJobUpdate });
register(resources.cronJobs, { create: workloads.validateCronJob });
register(resources.podTemplates, {
  create: (errors, object) => validatePodTemplate(errors, FieldPath.of('template'), object.template ?? {}),
});
register(resources.secrets, { create: core.validateSecret, update: core.validateSecretUpdate });
register(resources.configMaps, { create: core.validateConfigMap, update: core.validateConfigMapUpdate });
register(resources.namespaces, { checkName: checkDnsLabel, create: core.validateNamespace });
register(resources.nodes, { create: core.validateNode, update: core.validateNodeUpdate });
register(resources.services, {
  checkName: checkDns1035Label,
  create: core.validateService,
  update: core.validateServiceUpdate,
});
register(resources.resourceQuotas, {
  create: validateResourceQuota,
  update: validateResourceQuotaUpdate,
  status: validateResourceQuotaStatus,
});
register(resources.limitRanges, { create: validateLimitRange });
register(resources.leases, { create: core.validateLease });
register(resources.coreEvents, { create: core.validateEvent });
register(resources.priorityClasses, {
  create: core.validatePriorityClass,
  update: core.validatePriorityClassUpdate,
});
register(resources.podDisruptionBudgets, {
  create: validatePodDisruptionBudget,
  status: validatePodDisruptionBudgetStatus,
});
register(resources.customResourceDefinitions, { create: validateCustomResourceDefinition });
for (const type of [resources.roles, resources.clusterRoles, resources.roleBindings, resources.clusterRoleBindings]) {
  register(type, { checkName: checkPathSegment });
}

function rulesOf(type: ResourceType): Rules<KubernetesObject> | undefined {
  return registry.get(`${type.group}/${type.kind}`);
}

/** The rules that a new object (decoded, defaulted, its name generated, its namespace set) breaks. */
export function validateCreate(type: ResourceType, object: KubernetesObject): readonly FieldError[] {
  const rules = rulesOf(type);
  const errors = new FieldErrors();
  const checkName = rules?.checkName ?? checkDnsSubdomain;
  validateObjectMeta(errors, metadataPath, object.metadata, { namespaced: type.namespaced, checkName });
  rules?.create?.(errors, object);
  return errors.list;
}

/** Everything but metadata and status. */
function contentOf(object: KubernetesObject): unknown {
  return { ...object, metadata: undefined, status: undefined };
}

/**
 * The rules that a change breaks. `previous` is what is stored; `subresource` is the one written through, if any: for
 * `status` only the status is checked, for others only the metadata, as they change nothing that users write.
 */
export function validateUpdate(
  type: ResourceType,
  object: KubernetesObject,
  previous: KubernetesObject,
  subresource?: string,
): readonly FieldError[] {
  const rules = rulesOf(type);
  const errors = new FieldErrors();
  validateObjectMetaUpdate(errors, metadataPath, object.metadata, previous.metadata);
  if (subresource === 'status') rules?.status?.(errors, object);
  if (subresource !== undefined && subresource !== 'scale') return errors.list;
  if (rules?.update) rules.update(errors, object, previous);
  else if (rules?.create && !isEqual(contentOf(object), contentOf(previous))) rules.create(errors, object);
  return errors.list;
}
