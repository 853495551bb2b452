/** Names with a meaning of their own in the Kubernetes storage system: annotations, labels, finalizers, provisioners. */

export const annBindCompleted = 'pv.kubernetes.io/bind-completed';
export const annBoundByController = 'pv.kubernetes.io/bound-by-controller';
export const annDynamicallyProvisioned = 'pv.kubernetes.io/provisioned-by';
export const annMigratedTo = 'pv.kubernetes.io/migrated-to';
export const annStorageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const annBetaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
export const annSelectedNode = 'volume.kubernetes.io/selected-node';
export const annStorageResizer = 'volume.kubernetes.io/storage-resizer';
export const annPreResizeCapacity = 'volume.alpha.kubernetes.io/pre-resize-capacity';
export const annNodeExpansionNotRequired = 'volume.kubernetes.io/node-expansion-not-required';
export const annBetaStorageClass = 'volume.beta.kubernetes.io/storage-class';
export const annBetaMountOptions = 'volume.beta.kubernetes.io/mount-options';
export const annVolumeGid = 'pv.beta.kubernetes.io/gid';
export const annIsDefaultClass = 'storageclass.kubernetes.io/is-default-class';
export const annBetaIsDefaultClass = 'storageclass.beta.kubernetes.io/is-default-class';
export const annMigratedPlugins = 'storage.alpha.kubernetes.io/migrated-plugins';
export const annNodeId = 'csi.volume.kubernetes.io/nodeid';
export const annControllerManagedAttach = 'volumes.kubernetes.io/controller-managed-attach-detach';
export const annCreatedBy = 'kubernetes.io/createdby';
export const annDeletionSecretName = 'volume.kubernetes.io/provisioner-deletion-secret-name';
export const annDeletionSecretNamespace = 'volume.kubernetes.io/provisioner-deletion-secret-namespace';
export const annModifySecretName = 'volume.kubernetes.io/controller-modify-secret-name';
export const annModifySecretNamespace = 'volume.kubernetes.io/controller-modify-secret-namespace';
export const annLastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Keeps a claim until no pod uses it. */
export const claimProtectionFinalizer = 'kubernetes.io/pvc-protection';
/** Keeps a volume while it is bound. */
export const volumeProtectionFinalizer = 'kubernetes.io/pv-protection';
/** Keeps a VolumeAttributesClass while a claim or volume names it. */
export const attributesClassProtectionFinalizer = 'kubernetes.io/vac-protection';
/** Keeps a volume that an in-tree plugin provisioned until its storage is deleted. */
export const inTreeVolumeFinalizer = 'kubernetes.io/pv-controller';
/** Keeps a volume that the external provisioner made until its storage is deleted. */
export const externalProvisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
export const cloningProtectionFinalizer = 'provisioner.storage.kubernetes.io/cloning-protection';

/** Keeps a claim until no snapshot is being taken of it. */
export const claimAsSourceFinalizer = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';
/** Keeps a VolumeSnapshot while a claim is being restored from it. */
export const snapshotAsSourceFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection';
/** Keeps a VolumeSnapshot whose snapshot goes with it until that is gone. */
export const snapshotBoundFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection';
/** Keeps a VolumeSnapshot that is part of a group. */
export const snapshotInGroupFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection';
/** Keeps a VolumeSnapshotContent until its snapshot is deleted or let go. */
export const contentBoundFinalizer = 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection';
/** The provisioner's: keeps a VolumeSnapshot while it restores a volume from it. */
export const restoreSourceFinalizer = 'provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection';

export const annIsDefaultSnapshotClass = 'snapshot.storage.kubernetes.io/is-default-class';
/** The snapshotter's, `yes` while it does not know what became of its CreateSnapshot. */
export const annSnapshotBeingCreated = 'snapshot.storage.kubernetes.io/volumesnapshot-being-created';
/** The snapshot controller's, `yes`: the VolumeSnapshot goes, and the snapshotter may delete by the policy. */
export const annSnapshotBeingDeleted = 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';
export const annSnapshotDeletionSecretName = 'snapshot.storage.kubernetes.io/deletion-secret-name';
export const annSnapshotDeletionSecretNamespace = 'snapshot.storage.kubernetes.io/deletion-secret-namespace';
/** `true`: a claim of another volume mode may be restored from the snapshot. */
export const annAllowVolumeModeChange = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';
/** The node whose snapshotter is to act on a VolumeSnapshotContent, where each node has one of its own. */
export const labelSnapshotManagedBy = 'snapshot.storage.kubernetes.io/managed-by';

export const labelHostname = 'kubernetes.io/hostname';
export const labelZone = 'topology.kubernetes.io/zone';
export const labelRegion = 'topology.kubernetes.io/region';
export const labelBetaZone = 'failure-domain.beta.kubernetes.io/zone';
export const labelBetaRegion = 'failure-domain.beta.kubernetes.io/region';

export const taintOutOfService = 'node.kubernetes.io/out-of-service';
export const taintNotReady = 'node.kubernetes.io/not-ready';
export const taintUnreachable = 'node.kubernetes.io/unreachable';
export const taintUnschedulable = 'node.kubernetes.io/unschedulable';

/** The provisioner of classes whose volumes an administrator makes. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

/** The attacher's finalizer on volumes and attachments of a driver: `external-attacher/hostpath-csi-k8s-io`. */
export function attacherFinalizer(driver: string): string {
  const sanitised = driver.replace(/[^a-zA-Z0-9-]/g, '-');
  return `external-attacher/${sanitised.endsWith('-') ? `${sanitised}X` : sanitised}`;
}
