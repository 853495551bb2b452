/** The wire types under the names that code uses. Names that two groups share carry their group. */
export type { CustomResourceDefinition } from './gen/apiextensions.v1.gen.ts';
export type * from './gen/apps.v1.gen.ts';
export type {
  CronJob,
  CronJobStatus,
  Job,
  JobCondition,
  JobSpec,
  JobStatus,
  PodFailurePolicyOnExitCodesRequirement,
} from './gen/batch.v1.gen.ts';
export type { Lease, LeaseSpec } from './gen/coordination.v1.gen.ts';
export type * from './gen/core.v1.gen.ts';
export type { Endpoint, EndpointSlice } from './gen/discovery.v1.gen.ts';
export type {
  Condition,
  DeleteOptions,
  LabelSelector,
  LabelSelectorRequirement,
  ListMeta,
  ManagedFieldsEntry,
  NamespacedObjectMeta,
  ObjectMeta,
  OwnerReference,
  Preconditions,
  Status,
  StatusCause,
  StatusDetails,
} from './gen/meta.v1.gen.ts';
export type { Eviction, PodDisruptionBudget } from './gen/policy.v1.gen.ts';
export type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from './gen/rbac.v1.gen.ts';
export type { PriorityClass } from './gen/scheduling.v1.gen.ts';
export type {
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
  VolumeSnapshotContentSource,
  VolumeSnapshotContentSpec,
  VolumeSnapshotContentStatus,
  VolumeSnapshotError,
  VolumeSnapshotSource,
  VolumeSnapshotSpec,
  VolumeSnapshotStatus,
} from './gen/snapshot.v1.gen.ts';
export type {
  CSIDriver,
  CSIDriverSpec,
  CSINode,
  CSINodeDriver,
  CSINodeSpec,
  CSIStorageCapacity,
  StorageClass,
  TopologySelectorTerm,
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentSpec,
  VolumeAttachmentStatus,
  VolumeAttributesClass,
  VolumeError,
  VolumeNodeResources,
} from './gen/storage.v1.gen.ts';
