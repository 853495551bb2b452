/** Pure helpers that the binder, the scheduler and the node share: the same question has one answer everywhere. */
export {
  annBetaStorageProvisioner,
  annBindCompleted,
  annBoundByController,
  annControllerManagedAttach,
  annDeletionSecretName,
  annDeletionSecretNamespace,
  annDynamicallyProvisioned,
  annIsDefaultClass,
  annLastApplied,
  annMigratedPlugins,
  annMigratedTo,
  annModifySecretName,
  annModifySecretNamespace,
  annNodeExpansionNotRequired,
  annNodeId,
  annPreResizeCapacity,
  annSelectedNode,
  annStorageProvisioner,
  annStorageResizer,
  annVolumeGid,
  attacherFinalizer,
  attributesClassProtectionFinalizer,
  claimProtectionFinalizer,
  cloningProtectionFinalizer,
  externalProvisionerFinalizer,
  findDefaultClass,
  inTreeVolumeFinalizer,
  labelBetaRegion,
  labelBetaZone,
  labelHostname,
  labelRegion,
  labelZone,
  noProvisioner,
  taintNotReady,
  taintOutOfService,
  taintUnreachable,
  taintUnschedulable,
  volumeProtectionFinalizer,
} from '../api/index.ts';
export { type AttachmentTarget, volumeAttachmentName } from './attachment-name.ts';
export {
  type BoundVolume,
  claimReference,
  getBindVolumeToClaim,
  isClaimBindCompleted,
  isClaimFullyBound,
  isVolumeBoundToClaim,
} from './bind-state.ts';
export {
  claimWantsMore,
  type ResizeCondition,
  type ResizeStatus,
  resizeStatusOf,
  withBegunResize,
  withFinishedResize,
  withPendingResize,
  withResizeCondition,
  withResizeStatus,
} from './claim-resize.ts';
export {
  asCsiVolume,
  findCsiSource,
  findCsiVolume,
  findInlineCsiVolume,
  findInlineMigration,
  findInTreePlugin,
  findMigratedDriver,
  findMigration,
  type Migration,
  migratedPlugins,
  translateClassToCsi,
  translateInlineVolumeToCsi,
  translateVolumeToCsi,
  translateVolumeToInTree,
} from './csi-migration/csi-translator.ts';
export { MigrationError } from './csi-migration/translator.ts';
export { isExclusiveVolume } from './exclusive-volume.ts';
export {
  checkAccessModes,
  checkVolumeAttributesClass,
  checkVolumeModeMismatches,
  type FindMatchingVolumeOptions,
  findMatchingVolume,
} from './match.ts';
export {
  ephemeralClaimName,
  notOwnerMessage,
  type PodClaim,
  podClaims,
  podIsOwner,
  podUsesClaim,
} from './pod-claims.ts';
export { podMatchesNode } from './pod-node-affinity.ts';
export { isPodPhaseTerminal, isPodReady, isPodTerminated, podCondition } from './pod-state.ts';
export { type SnapshotNames, type SnapshotSecret, snapshotSecretOf } from './snapshot-secret.ts';
export {
  claimHasNoClass,
  claimRequestBytes,
  getClaimClass,
  getVolumeClass,
  isDelayBinding,
  volumeCapacityBytes,
  volumeMountOptions,
} from './storage-class-of.ts';
export { findUntoleratedTaint, toleratesTaint } from './taints.ts';
export { topologyTermsMatch, volumeMatchesNode, zoneSet } from './topology.ts';
