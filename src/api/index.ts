export { type Decoded, decode, decodeStruct, strictDecodingMessage, undecodable } from './decode.ts';
export { findDefaultClass } from './default-class.ts';
export { applyDefaults } from './defaults/defaults.ts';
export { duplicateFields } from './duplicate-fields.ts';
export { descriptions } from './gen/descriptions.gen.ts';
export type * from './meta/request.ts';
export {
  apiVersionOf,
  type Draft,
  type DraftMeta,
  groupOf,
  groupResourceOf,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ResourceType,
  splitKey,
} from './meta/resource-type.ts';
export {
  ApiStatusError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  type StatusDetailsInput,
  type StatusReason,
} from './meta/status.ts';
export { checkDnsLabel, checkDnsSubdomain } from './names.ts';
export { tableOf } from './printers/table.ts';
export type { PrintedTable, TableCell, TableColumn } from './printers/table-types.ts';
export { decodeProtobuf } from './protobuf/decode-protobuf.ts';
export {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  type QuantityFormat,
  quantityMilliValue,
  quantityOfBytes,
  quantityValue,
} from './quantity.ts';
export { attributesClassesOf } from './quota/claim-usage.ts';
export { isCountedAlike, type QuotaEvaluator, quotaCounts, quotaEvaluatorOf } from './quota/evaluator.ts';
export { podAmounts } from './quota/pod-usage.ts';
export {
  addLists,
  equalLists,
  exceededNames,
  increaseOver,
  maskList,
  printList,
  type ResourceList,
} from './quota/resource-list.ts';
export { readForm } from './read-form.ts';
export { isNewerVersion } from './resource-version.ts';
export {
  builtInResources,
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  controllerRevisions,
  coreEvents,
  cronJobs,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  customResourceDefinitions,
  daemonSets,
  deployments,
  endpointSlices,
  endpoints,
  eventsV1,
  jobs,
  leases,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  podTemplates,
  priorityClasses,
  replicaSets,
  replicationControllers,
  resourceQuotas,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from './resources.ts';
export {
  type Field,
  type FieldType,
  type ScalarName,
  type StructSchema,
  schemaOf,
  schemaRefOf,
  structSchema,
} from './schema.ts';
export { selectableFields } from './selectable-fields.ts';
export { SelectorError, type SelectorOperator, type SelectorRequirement } from './selector-requirement.ts';
export {
  type FieldMatcher,
  type FieldTerm,
  type LabelMatcher,
  type Labels,
  labelSelectorMatcher,
  nodeSelectorMatches,
  nodeSelectorTermMatches,
  parseFieldSelector,
  parseLabelSelector,
  type SelectableNode,
  storedSelectorMatcher,
} from './selectors.ts';
export type * from './types.ts';
export { isEqual } from './validation/equal.ts';
export { type FieldError, type FieldErrorKind, invalid } from './validation/field-error.ts';
export { validateCreate, validateUpdate } from './validation/validate.ts';
export { warningsOf } from './warnings.ts';
export {
  annAllowVolumeModeChange,
  annBetaMountOptions,
  annBetaStorageClass,
  annBetaStorageProvisioner,
  annBindCompleted,
  annBoundByController,
  annControllerManagedAttach,
  annCreatedBy,
  annDeletionSecretName,
  annDeletionSecretNamespace,
  annDynamicallyProvisioned,
  annIsDefaultClass,
  annIsDefaultSnapshotClass,
  annLastApplied,
  annMigratedPlugins,
  annMigratedTo,
  annModifySecretName,
  annModifySecretNamespace,
  annNodeExpansionNotRequired,
  annNodeId,
  annPreResizeCapacity,
  annSelectedNode,
  annSnapshotBeingCreated,
  annSnapshotBeingDeleted,
  annSnapshotDeletionSecretName,
  annSnapshotDeletionSecretNamespace,
  annStorageProvisioner,
  annStorageResizer,
  annVolumeGid,
  attacherFinalizer,
  attributesClassProtectionFinalizer,
  claimAsSourceFinalizer,
  claimProtectionFinalizer,
  cloningProtectionFinalizer,
  contentBoundFinalizer,
  externalProvisionerFinalizer,
  inTreeVolumeFinalizer,
  labelBetaRegion,
  labelBetaZone,
  labelHostname,
  labelRegion,
  labelSnapshotManagedBy,
  labelZone,
  noProvisioner,
  restoreSourceFinalizer,
  snapshotAsSourceFinalizer,
  snapshotBoundFinalizer,
  snapshotInGroupFinalizer,
  taintNotReady,
  taintOutOfService,
  taintUnreachable,
  taintUnschedulable,
  volumeProtectionFinalizer,
} from './well-known.ts';
export { wireForm } from './wire-form.ts';
