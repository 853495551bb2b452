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
