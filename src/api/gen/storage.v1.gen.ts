// Generated from schema/storage.v1.api by `npm run generate:api`. Do not edit.
import type * as core from './core.v1.gen.ts';
import type * as meta from './meta.v1.gen.ts';

/** What the cluster must know of a CSI driver; its name is the driver's. */
export interface CSIDriver {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** What the driver needs and supports. */
  readonly spec: CSIDriverSpec;
}

/** What a CSI driver needs and supports. */
export interface CSIDriverSpec {
  /** Whether volumes must be attached to a node before they are mounted; it cannot be changed. */
  readonly attachRequired?: boolean;
  /** Whether the group of a volume's files may be changed: ReadWriteOnceWithFSType, File or None. */
  readonly fsGroupPolicy?: string;
  /** How often the number of attachable volumes of a node is asked for anew, at least 10 seconds. */
  readonly nodeAllocatableUpdatePeriodSeconds?: number;
  /** Whether the driver is told which pod a volume is mounted for. */
  readonly podInfoOnMount?: boolean;
  /** Whether pods stay away from nodes on which the driver is missing. */
  readonly preventPodSchedulingIfMissing?: boolean;
  /** Whether mounting is repeated from time to time, so that the driver can renew content. */
  readonly requiresRepublish?: boolean;
  /** Whether volumes can be mounted with an SELinux label. */
  readonly seLinuxMount?: boolean;
  /** Whether tokens are handed over as secrets rather than as context. */
  readonly serviceAccountTokenInSecrets?: boolean;
  /** Whether the scheduler considers the capacity that the driver reports. */
  readonly storageCapacity?: boolean;
  /** Service account tokens that the driver needs on mounting. */
  readonly tokenRequests?: readonly TokenRequest[];
  /** Whether volumes are Persistent, Ephemeral (made for one pod), or both; it cannot be changed. */
  readonly volumeLifecycleModes?: readonly string[];
}

/** The CSI drivers of a node; its name is the node's. */
export interface CSINode {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** The drivers. */
  readonly spec: CSINodeSpec;
}

/** One CSI driver on a node. */
export interface CSINodeDriver {
  /** How many volumes of the driver the node can hold. */
  readonly allocatable?: VolumeNodeResources;
  /** The name of the driver. */
  readonly name: string;
  /** The name by which the driver knows the node. */
  readonly nodeID: string;
  /** Labels of the node that the driver uses for topology. */
  readonly topologyKeys?: readonly string[];
}

/** The CSI drivers of a node. */
export interface CSINodeSpec {
  /** The drivers that are registered with the kubelet. */
  readonly drivers: readonly CSINodeDriver[];
}

/** How much can be provisioned for a class in one part of the topology. */
export interface CSIStorageCapacity {
  readonly apiVersion: string;
  readonly kind: string;
  /** The bytes that are available there; absent when unknown. */
  readonly capacity?: string;
  /** The largest volume that can be provisioned there. */
  readonly maximumVolumeSize?: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** The nodes that can reach the storage; absent means none. */
  readonly nodeTopology?: meta.LabelSelector;
  /** The class that the figure is for. */
  readonly storageClassName: string;
}

/** A kind of storage that an administrator offers, and how volumes of it are provisioned. */
export interface StorageClass {
  readonly apiVersion: string;
  readonly kind: string;
  /** Whether claims of the class may grow. */
  readonly allowVolumeExpansion?: boolean;
  /** Where volumes may be provisioned; absent allows everywhere. */
  readonly allowedTopologies?: readonly TopologySelectorTerm[];
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** Mount options of the volumes that are provisioned. */
  readonly mountOptions?: readonly string[];
  /** Parameters for the provisioner. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Who provisions the volumes; kubernetes.io/no-provisioner for nobody. */
  readonly provisioner: string;
  /** The reclaim policy of the volumes that are provisioned: Delete or Retain. */
  readonly reclaimPolicy?: string;
  /** When claims are bound: Immediate, or WaitForFirstConsumer to wait for a pod to be scheduled. */
  readonly volumeBindingMode?: string;
}

/** A service account token that a driver needs. */
export interface TokenRequest {
  /** Whom the token is meant for; empty means the API server. */
  readonly audience: string;
  /** How long the token is valid, at least 600 seconds. */
  readonly expirationSeconds?: number;
}

/** A requirement on one label. */
export interface TopologySelectorLabelRequirement {
  /** The label. */
  readonly key: string;
  /** The values of which one must be there. */
  readonly values: readonly string[];
}

/** A part of the topology; all its expressions must hold. */
export interface TopologySelectorTerm {
  /** Requirements on labels of nodes. */
  readonly matchLabelExpressions?: readonly TopologySelectorLabelRequirement[];
}

/** The wish to have a volume attached to a node, and what became of it. */
export interface VolumeAttachment {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** Which volume, to which node, by which driver; it cannot be changed. */
  readonly spec: VolumeAttachmentSpec;
  /** What the attacher did. */
  readonly status?: VolumeAttachmentStatus;
}

/** The volume to attach: a PersistentVolume or an inline spec. */
export interface VolumeAttachmentSource {
  /** The spec of a volume that has no object of its own, as migrated in-tree volumes have none. */
  readonly inlineVolumeSpec?: core.PersistentVolumeSpec;
  /** The name of the PersistentVolume. */
  readonly persistentVolumeName?: string;
}

/** Which volume shall be attached to which node. */
export interface VolumeAttachmentSpec {
  /** The CSI driver that attaches the volume. */
  readonly attacher: string;
  /** The node. */
  readonly nodeName: string;
  /** The volume. */
  readonly source: VolumeAttachmentSource;
}

/** What the attacher did. */
export interface VolumeAttachmentStatus {
  /** The last failure to attach. */
  readonly attachError?: VolumeError;
  /** Whether the volume is attached. */
  readonly attached: boolean;
  /** What the driver returned on attaching; it is handed to the node. */
  readonly attachmentMetadata?: Readonly<Record<string, string>>;
  /** The last failure to detach. */
  readonly detachError?: VolumeError;
}

/** Parameters of volumes that may be changed while they are in use. */
export interface VolumeAttributesClass {
  readonly apiVersion: string;
  readonly kind: string;
  /** The CSI driver that the parameters are for. */
  readonly driverName: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** The parameters; they cannot be changed, only another class chosen. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A failure of an operation on a volume. */
export interface VolumeError {
  /** The gRPC code of the failure. */
  readonly errorCode?: number;
  /** What went wrong; it must hold no secrets. */
  readonly message?: string;
  /** When it happened. */
  readonly time?: string;
}

/** How many volumes a node can hold. */
export interface VolumeNodeResources {
  /** The number of volumes; absent means no limit. */
  readonly count?: number;
}

