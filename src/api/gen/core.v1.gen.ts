// Generated from schema/core.v1.api by `npm run generate:api`. Do not edit.
import type * as meta from './meta.v1.gen.ts';

export interface AWSElasticBlockStoreVolumeSource {
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
  readonly volumeID: string;
}

export interface Affinity {
  readonly nodeAffinity?: NodeAffinity;
  readonly podAffinity?: PodAffinity;
  readonly podAntiAffinity?: PodAntiAffinity;
}

export interface AppArmorProfile {
  readonly localhostProfile?: string;
  readonly type: string;
}

/** A volume that is attached to a node. */
export interface AttachedVolume {
  /** The path of its device on the node, if known. */
  readonly devicePath: string;
  /** The unique name of the volume. */
  readonly name: string;
}

export interface AzureDiskVolumeSource {
  readonly cachingMode?: string;
  readonly diskName: string;
  readonly diskURI: string;
  readonly fsType?: string;
  readonly kind?: string;
  readonly readOnly?: boolean;
}

export interface AzureFilePersistentVolumeSource {
  readonly readOnly?: boolean;
  readonly secretName: string;
  readonly secretNamespace?: string;
  readonly shareName: string;
}

export interface AzureFileVolumeSource {
  readonly readOnly?: boolean;
  readonly secretName: string;
  readonly shareName: string;
}

export interface Binding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly target: ObjectReference;
}

/** A volume that a CSI driver provides. */
export interface CSIPersistentVolumeSource {
  /** The secret for growing the volume in the backend. */
  readonly controllerExpandSecretRef?: SecretReference;
  /** The secret for attaching and detaching the volume. */
  readonly controllerPublishSecretRef?: SecretReference;
  /** The name of the CSI driver. */
  readonly driver: string;
  /** The file system to make and mount, such as ext4; absent leaves the choice to the driver. */
  readonly fsType?: string;
  /** The secret for growing the file system on the node. */
  readonly nodeExpandSecretRef?: SecretReference;
  /** The secret for mounting the volume for a pod. */
  readonly nodePublishSecretRef?: SecretReference;
  /** The secret for staging the volume on a node. */
  readonly nodeStageSecretRef?: SecretReference;
  /** Attach and mount the volume read-only. */
  readonly readOnly?: boolean;
  /** Attributes that the driver gave when it created the volume. */
  readonly volumeAttributes?: Readonly<Record<string, string>>;
  /** The id by which the driver knows the volume. */
  readonly volumeHandle: string;
}

/** A volume that a CSI driver makes for one pod and takes away with it. */
export interface CSIVolumeSource {
  /** The name of the CSI driver; it must support the Ephemeral lifecycle mode. */
  readonly driver: string;
  /** The file system to mount; absent leaves the choice to the driver. */
  readonly fsType?: string;
  /** The secret for mounting the volume. */
  readonly nodePublishSecretRef?: LocalObjectReference;
  /** Mount the volume read-only. */
  readonly readOnly?: boolean;
  /** Parameters for the driver. */
  readonly volumeAttributes?: Readonly<Record<string, string>>;
}

export interface Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

export interface CephFSPersistentVolumeSource {
  readonly monitors: readonly string[];
  readonly path?: string;
  readonly readOnly?: boolean;
  readonly secretFile?: string;
  readonly secretRef?: SecretReference;
  readonly user?: string;
}

export interface CephFSVolumeSource {
  readonly monitors: readonly string[];
  readonly path?: string;
  readonly readOnly?: boolean;
  readonly secretFile?: string;
  readonly secretRef?: LocalObjectReference;
  readonly user?: string;
}

export interface CinderPersistentVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: SecretReference;
  readonly volumeID: string;
}

export interface CinderVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: LocalObjectReference;
  readonly volumeID: string;
}

export interface ClientIPConfig {
  readonly timeoutSeconds?: number;
}

export interface ClusterTrustBundleProjection {
  readonly labelSelector?: meta.LabelSelector;
  readonly name?: string;
  readonly optional?: boolean;
  readonly path: string;
  readonly signerName?: string;
}

/** Configuration as keys and texts. */
export interface ConfigMap {
  readonly apiVersion: string;
  readonly kind: string;
  /** Entries that are not text, in base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  /** Entries that are text. */
  readonly data?: Readonly<Record<string, string>>;
  /** Whether the entries can no longer change. */
  readonly immutable?: boolean;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
}

export interface ConfigMapEnvSource {
  readonly name?: string;
  readonly optional?: boolean;
}

export interface ConfigMapKeySelector {
  readonly key: string;
  readonly name?: string;
  readonly optional?: boolean;
}

export interface ConfigMapNodeConfigSource {
  readonly kubeletConfigKey: string;
  readonly name: string;
  readonly namespace: string;
  readonly resourceVersion?: string;
  readonly uid?: string;
}

/** Entries of a ConfigMap in a projected volume. */
export interface ConfigMapProjection {
  /** The entries to show and where; absent shows all of them under their keys. */
  readonly items?: readonly KeyToPath[];
  /** The name of the ConfigMap. */
  readonly name?: string;
  /** Start the pod even if the ConfigMap or an entry is missing. */
  readonly optional?: boolean;
}

/** The entries of a ConfigMap as files. */
export interface ConfigMapVolumeSource {
  /** The mode of the files, unless an item has its own; 0644 if absent. */
  readonly defaultMode?: number;
  /** The entries to show and where; absent shows all of them under their keys. */
  readonly items?: readonly KeyToPath[];
  /** The name of a ConfigMap in the pod's namespace. */
  readonly name?: string;
  /** Start the pod even if the ConfigMap or an entry is missing. */
  readonly optional?: boolean;
}

/** A program, its image and its volumes. */
export interface Container {
  /** Arguments of the command; the image's own if absent. */
  readonly args?: readonly string[];
  /** The command, without a shell; the image's entry point if absent. */
  readonly command?: readonly string[];
  /** Environment variables. */
  readonly env?: readonly EnvVar[];
  /** Sources of further environment variables. */
  readonly envFrom?: readonly EnvFromSource[];
  /** The image to run. */
  readonly image?: string;
  /** When the image is pulled: Always, Never or IfNotPresent. */
  readonly imagePullPolicy?: string;
  /** What to do after the container starts and before it stops. */
  readonly lifecycle?: Lifecycle;
  /** How to find out that the container must be restarted. */
  readonly livenessProbe?: Probe;
  /** The name of the container; unique in the pod. */
  readonly name: string;
  /** Ports that the container listens on. */
  readonly ports?: readonly ContainerPort[];
  /** How to find out that the container can serve. */
  readonly readinessProbe?: Probe;
  readonly resizePolicy?: readonly ContainerResizePolicy[];
  /** CPU, memory and other resources that the container needs and may use. */
  readonly resources?: ResourceRequirements;
  /** Always makes an init container a sidecar that keeps running. */
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly ContainerRestartRule[];
  /** Users, capabilities and security settings of the container. */
  readonly securityContext?: SecurityContext;
  /** How to find out that the container has started; other probes wait for it. */
  readonly startupProbe?: Probe;
  /** Keep standard input open. */
  readonly stdin?: boolean;
  /** Close standard input after the first client. */
  readonly stdinOnce?: boolean;
  /** The file whose content becomes the message of the ended container. */
  readonly terminationMessagePath?: string;
  /** Where that message comes from: File, or FallbackToLogsOnError. */
  readonly terminationMessagePolicy?: string;
  /** Give the container a terminal; stdin must be true. */
  readonly tty?: boolean;
  /** Block volumes of the pod that the container uses as devices. */
  readonly volumeDevices?: readonly VolumeDevice[];
  /** Volumes of the pod that the container mounts. */
  readonly volumeMounts?: readonly VolumeMount[];
  /** The directory that the command starts in. */
  readonly workingDir?: string;
}

export interface ContainerExtendedResourceRequest {
  readonly containerName: string;
  readonly requestName: string;
  readonly resourceName: string;
}

export interface ContainerImage {
  readonly names?: readonly string[];
  readonly sizeBytes?: number;
}

export interface ContainerPort {
  readonly containerPort: number;
  readonly hostIP?: string;
  readonly hostPort?: number;
  readonly name?: string;
  readonly protocol?: string;
}

export interface ContainerResizePolicy {
  readonly resourceName: string;
  readonly restartPolicy: string;
}

export interface ContainerRestartRule {
  readonly action: string;
  readonly exitCodes?: ContainerRestartRuleOnExitCodes;
}

export interface ContainerRestartRuleOnExitCodes {
  readonly operator: string;
  readonly values?: readonly number[];
}

export interface ContainerState {
  readonly running?: ContainerStateRunning;
  readonly terminated?: ContainerStateTerminated;
  readonly waiting?: ContainerStateWaiting;
}

export interface ContainerStateRunning {
  readonly startedAt?: string;
}

export interface ContainerStateTerminated {
  readonly containerID?: string;
  readonly exitCode: number;
  readonly finishedAt?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly signal?: number;
  readonly startedAt?: string;
}

export interface ContainerStateWaiting {
  readonly message?: string;
  readonly reason?: string;
}

export interface ContainerStatus {
  readonly allocatedResources?: Readonly<Record<string, string>>;
  readonly allocatedResourcesStatus?: readonly ResourceStatus[];
  readonly containerID?: string;
  readonly image: string;
  readonly imageID: string;
  readonly lastState?: ContainerState;
  readonly name: string;
  readonly ready: boolean;
  readonly resources?: ResourceRequirements;
  readonly restartCount: number;
  readonly started?: boolean;
  readonly state?: ContainerState;
  readonly stopSignal?: string;
  readonly user?: ContainerUser;
  readonly volumeMounts?: readonly VolumeMountStatus[];
}

export interface ContainerUser {
  readonly linux?: LinuxContainerUser;
}

export interface DaemonEndpoint {
  readonly Port: number;
}

/** Fields of the pod in a projected volume. */
export interface DownwardAPIProjection {
  /** The files. */
  readonly items?: readonly DownwardAPIVolumeFile[];
}

/** One field of the pod as a file. */
export interface DownwardAPIVolumeFile {
  /** A field of the pod: its name, namespace, uid, labels or annotations. */
  readonly fieldRef?: ObjectFieldSelector;
  /** The mode of the file. */
  readonly mode?: number;
  /** The relative path of the file, without dot-dot. */
  readonly path: string;
  /** A request or limit of a container. */
  readonly resourceFieldRef?: ResourceFieldSelector;
}

/** Fields of the pod as files. */
export interface DownwardAPIVolumeSource {
  /** The mode of the files, unless an item has its own; 0644 if absent. */
  readonly defaultMode?: number;
  /** The files. */
  readonly items?: readonly DownwardAPIVolumeFile[];
}

/** A directory that is empty when the pod starts and gone when it ends. */
export interface EmptyDirVolumeSource {
  /** Where the directory lives: empty for the node's disk, Memory for RAM, HugePages for huge pages. */
  readonly medium?: string;
  /** How much may be stored before the pod is evicted. */
  readonly sizeLimit?: string;
}

export interface EndpointAddress {
  readonly hostname?: string;
  readonly ip: string;
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

export interface EndpointPort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
}

export interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointPort[];
}

export interface Endpoints {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly subsets?: readonly EndpointSubset[];
}

export interface EnvFromSource {
  readonly configMapRef?: ConfigMapEnvSource;
  readonly prefix?: string;
  readonly secretRef?: SecretEnvSource;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: EnvVarSource;
}

export interface EnvVarSource {
  readonly configMapKeyRef?: ConfigMapKeySelector;
  readonly fieldRef?: ObjectFieldSelector;
  readonly fileKeyRef?: FileKeySelector;
  readonly resourceFieldRef?: ResourceFieldSelector;
  readonly secretKeyRef?: SecretKeySelector;
}

export interface EphemeralContainer {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly lifecycle?: Lifecycle;
  readonly livenessProbe?: Probe;
  readonly name: string;
  readonly ports?: readonly ContainerPort[];
  readonly readinessProbe?: Probe;
  readonly resizePolicy?: readonly ContainerResizePolicy[];
  readonly resources?: ResourceRequirements;
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly ContainerRestartRule[];
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: Probe;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly targetContainerName?: string;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly tty?: boolean;
  readonly volumeDevices?: readonly VolumeDevice[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly workingDir?: string;
}

/** A volume whose claim is made with the pod and deleted with it. */
export interface EphemeralVolumeSource {
  /** What the claim is made from; its name is the pod's, a dash and the volume's. */
  readonly volumeClaimTemplate?: PersistentVolumeClaimTemplate;
}

/** Something that happened to an object. */
export interface Event {
  readonly apiVersion: string;
  readonly kind: string;
  /** What was done. */
  readonly action?: string;
  /** How often it happened. */
  readonly count?: number;
  /** When it was first seen. */
  readonly eventTime?: string;
  /** When it was first seen. */
  readonly firstTimestamp?: string;
  /** The object that it is about. */
  readonly involvedObject: ObjectReference;
  /** When it was last seen. */
  readonly lastTimestamp?: string;
  /** A sentence for people. */
  readonly message?: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** One word for programs. */
  readonly reason?: string;
  /** Another object that matters. */
  readonly related?: ObjectReference;
  /** The controller that reports it. */
  readonly reportingComponent?: string;
  /** The instance of that controller. */
  readonly reportingInstance?: string;
  /** How often it was repeated. */
  readonly series?: EventSeries;
  /** The component that reports it. */
  readonly source?: EventSource;
  /** Normal or Warning. */
  readonly type?: string;
}

export interface EventSeries {
  readonly count?: number;
  readonly lastObservedTime?: string;
}

export interface EventSource {
  readonly component?: string;
  readonly host?: string;
}

export interface ExecAction {
  readonly command?: readonly string[];
}

/** A Fibre Channel disk. */
export interface FCVolumeSource {
  /** The file system to make and mount. */
  readonly fsType?: string;
  /** The number of the logical unit. */
  readonly lun?: number;
  /** Mount the disk read-only. */
  readonly readOnly?: boolean;
  /** The world wide names of the target; together with lun. */
  readonly targetWWNs?: readonly string[];
  /** World wide identifiers of the disk, instead of targetWWNs and lun. */
  readonly wwids?: readonly string[];
}

export interface FileKeySelector {
  readonly key: string;
  readonly optional?: boolean;
  readonly path: string;
  readonly volumeName: string;
}

/** A volume of an executable FlexVolume driver. */
export interface FlexPersistentVolumeSource {
  /** The name of the driver, as vendor/driver. */
  readonly driver: string;
  /** The file system to make and mount. */
  readonly fsType?: string;
  /** Options that are handed to the driver. */
  readonly options?: Readonly<Record<string, string>>;
  /** Mount the volume read-only. */
  readonly readOnly?: boolean;
  /** The secret that is handed to the driver. */
  readonly secretRef?: SecretReference;
}

/** A volume of an executable FlexVolume driver. */
export interface FlexVolumeSource {
  /** The name of the driver, as vendor/driver. */
  readonly driver: string;
  /** The file system to make and mount. */
  readonly fsType?: string;
  /** Options that are handed to the driver. */
  readonly options?: Readonly<Record<string, string>>;
  /** Mount the volume read-only. */
  readonly readOnly?: boolean;
  /** The secret that is handed to the driver. */
  readonly secretRef?: LocalObjectReference;
}

export interface FlockerVolumeSource {
  readonly datasetName?: string;
  readonly datasetUUID?: string;
}

export interface GCEPersistentDiskVolumeSource {
  readonly fsType?: string;
  readonly partition?: number;
  readonly pdName: string;
  readonly readOnly?: boolean;
}

export interface GRPCAction {
  readonly port: number;
  readonly service?: string;
}

/** A clone of a Git repository. */
export interface GitRepoVolumeSource {
  /** The directory of the clone; a dot clones into the volume itself. */
  readonly directory?: string;
  /** The URL of the repository. */
  readonly repository: string;
  /** The commit to check out. */
  readonly revision?: string;
}

export interface GlusterfsPersistentVolumeSource {
  readonly endpoints: string;
  readonly endpointsNamespace?: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

export interface GlusterfsVolumeSource {
  readonly endpoints: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

export interface HTTPGetAction {
  readonly host?: string;
  readonly httpHeaders?: readonly HTTPHeader[];
  readonly path?: string;
  readonly port: number | string;
  readonly scheme?: string;
}

export interface HTTPHeader {
  readonly name: string;
  readonly value: string;
}

export interface HostAlias {
  readonly hostnames?: readonly string[];
  readonly ip: string;
}

export interface HostIP {
  readonly ip: string;
}

/** A directory or file of the node. */
export interface HostPathVolumeSource {
  /** The path on the node. */
  readonly path: string;
  /** What must be at the path, or is made there: Directory, DirectoryOrCreate, File, FileOrCreate, Socket, CharDevice or BlockDevice; empty checks nothing. */
  readonly type?: string;
}

/** An iSCSI disk. */
export interface ISCSIPersistentVolumeSource {
  /** Authenticate with CHAP when targets are discovered. */
  readonly chapAuthDiscovery?: boolean;
  /** Authenticate with CHAP when the session is opened. */
  readonly chapAuthSession?: boolean;
  /** The file system to make and mount. */
  readonly fsType?: string;
  /** The name by which the node introduces itself to the target. */
  readonly initiatorName?: string;
  /** The qualified name of the target. */
  readonly iqn: string;
  /** The interface of the initiator; default unless said otherwise. */
  readonly iscsiInterface?: string;
  /** The number of the logical unit. */
  readonly lun: number;
  /** Further portals of the target, for multipath. */
  readonly portals?: readonly string[];
  /** Mount the disk read-only. */
  readonly readOnly?: boolean;
  /** The secret with the CHAP credentials. */
  readonly secretRef?: SecretReference;
  /** The address of the target, with a port unless it is 3260. */
  readonly targetPortal: string;
}

/** An iSCSI disk. */
export interface ISCSIVolumeSource {
  /** Authenticate with CHAP when targets are discovered. */
  readonly chapAuthDiscovery?: boolean;
  /** Authenticate with CHAP when the session is opened. */
  readonly chapAuthSession?: boolean;
  /** The file system to make and mount. */
  readonly fsType?: string;
  /** The name by which the node introduces itself to the target. */
  readonly initiatorName?: string;
  /** The qualified name of the target. */
  readonly iqn: string;
  /** The interface of the initiator; default unless said otherwise. */
  readonly iscsiInterface?: string;
  /** The number of the logical unit. */
  readonly lun: number;
  /** Further portals of the target, for multipath. */
  readonly portals?: readonly string[];
  /** Mount the disk read-only. */
  readonly readOnly?: boolean;
  /** The secret with the CHAP credentials. */
  readonly secretRef?: LocalObjectReference;
  /** The address of the target, with a port unless it is 3260. */
  readonly targetPortal: string;
}

/** The content of an image or artifact as a read-only volume. */
export interface ImageVolumeSource {
  /** When the image is pulled: Always, Never or IfNotPresent. */
  readonly pullPolicy?: string;
  /** The image or artifact, as a container's image is written. */
  readonly reference?: string;
}

export interface ImageVolumeStatus {
  readonly imageRef: string;
}

/** One entry as a file. */
export interface KeyToPath {
  /** The key of the entry. */
  readonly key: string;
  /** The mode of the file. */
  readonly mode?: number;
  /** The relative path of the file, without dot-dot. */
  readonly path: string;
}

export interface Lifecycle {
  readonly postStart?: LifecycleHandler;
  readonly preStop?: LifecycleHandler;
  readonly stopSignal?: string;
}

export interface LifecycleHandler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly sleep?: SleepAction;
  readonly tcpSocket?: TCPSocketAction;
}

export interface LimitRange {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly spec: LimitRangeSpec;
}

export interface LimitRangeItem {
  readonly default?: Readonly<Record<string, string>>;
  readonly defaultRequest?: Readonly<Record<string, string>>;
  readonly max?: Readonly<Record<string, string>>;
  readonly maxLimitRequestRatio?: Readonly<Record<string, string>>;
  readonly min?: Readonly<Record<string, string>>;
  readonly type: string;
}

export interface LimitRangeSpec {
  readonly limits: readonly LimitRangeItem[];
}

export interface LinuxContainerUser {
  readonly gid: number;
  readonly supplementalGroups?: readonly number[];
  readonly uid: number;
}

export interface LoadBalancerIngress {
  readonly hostname?: string;
  readonly ip?: string;
  readonly ipMode?: string;
  readonly ports?: readonly PortStatus[];
}

export interface LoadBalancerStatus {
  readonly ingress?: readonly LoadBalancerIngress[];
}

/** An object in the same namespace. */
export interface LocalObjectReference {
  /** The name of the object. */
  readonly name?: string;
}

/** Storage of one node. */
export interface LocalVolumeSource {
  /** The file system to make and mount if the path is a block device. */
  readonly fsType?: string;
  /** The directory or block device on the node. */
  readonly path: string;
}

/** The state of a change of VolumeAttributesClass. */
export interface ModifyVolumeStatus {
  /** Whether the change is Pending, InProgress or Infeasible. */
  readonly status: string;
  /** The class that is being applied. */
  readonly targetVolumeAttributesClassName?: string;
}

/** An export of an NFS server. */
export interface NFSVolumeSource {
  /** The exported path. */
  readonly path: string;
  /** Mount the export read-only. */
  readonly readOnly?: boolean;
  /** The host name or address of the server. */
  readonly server: string;
}

/** A space of names, which users and teams do not share. */
export interface Namespace {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** How the namespace behaves. */
  readonly spec: NamespaceSpec;
  /** The present state of the namespace. */
  readonly status?: NamespaceStatus;
}

export interface NamespaceCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface NamespaceSpec {
  readonly finalizers?: readonly string[];
}

export interface NamespaceStatus {
  readonly conditions?: readonly NamespaceCondition[];
  readonly phase?: string;
}

/** A machine that runs pods. */
export interface Node {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** How the node is used. */
  readonly spec: NodeSpec;
  /** What the node has and does, written by its kubelet. */
  readonly status?: NodeStatus;
}

export interface NodeAddress {
  readonly address: string;
  readonly type: string;
}

export interface NodeAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredSchedulingTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector;
}

export interface NodeAllocatableResourceClaimStatus {
  readonly containers?: readonly string[];
  readonly resourceClaimName: string;
  readonly resources: Readonly<Record<string, string>>;
}

export interface NodeCondition {
  readonly lastHeartbeatTime?: string;
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface NodeConfigSource {
  readonly configMap?: ConfigMapNodeConfigSource;
}

export interface NodeConfigStatus {
  readonly active?: NodeConfigSource;
  readonly assigned?: NodeConfigSource;
  readonly error?: string;
  readonly lastKnownGood?: NodeConfigSource;
}

export interface NodeDaemonEndpoints {
  readonly kubeletEndpoint?: DaemonEndpoint;
}

export interface NodeFeatures {
  readonly supplementalGroupsPolicy?: boolean;
}

export interface NodeRuntimeHandler {
  readonly features?: NodeRuntimeHandlerFeatures;
  readonly name?: string;
}

export interface NodeRuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts?: boolean;
  readonly userNamespaces?: boolean;
}

/** Nodes, by their labels and fields; any of the terms will do. */
export interface NodeSelector {
  /** The terms. */
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
}

/** A requirement on one label or field. */
export interface NodeSelectorRequirement {
  /** The label or field. */
  readonly key: string;
  /** In, NotIn, Exists, DoesNotExist, Gt or Lt. */
  readonly operator: string;
  /** The values: some for In and NotIn, one integer for Gt and Lt, none otherwise. */
  readonly values?: readonly string[];
}

/** Requirements that a node must satisfy all of; none of them match no node. */
export interface NodeSelectorTerm {
  /** Requirements on labels. */
  readonly matchExpressions?: readonly NodeSelectorRequirement[];
  /** Requirements on fields; only metadata.name is known. */
  readonly matchFields?: readonly NodeSelectorRequirement[];
}

export interface NodeSpec {
  readonly configSource?: NodeConfigSource;
  readonly externalID?: string;
  /** The addresses for pods on the node. */
  readonly podCIDR?: string;
  readonly podCIDRs?: readonly string[];
  /** The id of the machine at its cloud provider. */
  readonly providerID?: string;
  /** Marks that keep pods away which do not tolerate them. */
  readonly taints?: readonly Taint[];
  /** Place no new pods on the node. */
  readonly unschedulable?: boolean;
}

export interface NodeStatus {
  /** Addresses by which the node is reached. */
  readonly addresses?: readonly NodeAddress[];
  /** What pods may use of the node's resources. */
  readonly allocatable?: Readonly<Record<string, string>>;
  /** The node's resources. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** Conditions such as Ready, MemoryPressure and DiskPressure. */
  readonly conditions?: readonly NodeCondition[];
  readonly config?: NodeConfigStatus;
  /** Ports of the kubelet. */
  readonly daemonEndpoints?: NodeDaemonEndpoints;
  readonly declaredFeatures?: readonly string[];
  readonly features?: NodeFeatures;
  /** Images that are on the node. */
  readonly images?: readonly ContainerImage[];
  /** Versions and ids of the node's software and hardware. */
  readonly nodeInfo?: NodeSystemInfo;
  readonly phase?: string;
  readonly runtimeHandlers?: readonly NodeRuntimeHandler[];
  /** Volumes that are attached to the node, as the attach/detach controller knows. */
  readonly volumesAttached?: readonly AttachedVolume[];
  /** Attachable volumes that the node still uses; they are not safe to detach. */
  readonly volumesInUse?: readonly string[];
}

export interface NodeSwapStatus {
  readonly capacity?: number;
}

export interface NodeSystemInfo {
  readonly architecture: string;
  readonly bootID: string;
  readonly containerRuntimeVersion: string;
  readonly kernelVersion: string;
  readonly kubeProxyVersion: string;
  readonly kubeletVersion: string;
  readonly machineID: string;
  readonly operatingSystem: string;
  readonly osImage: string;
  readonly swap?: NodeSwapStatus;
  readonly systemUUID: string;
}

export interface ObjectFieldSelector {
  readonly apiVersion?: string;
  readonly fieldPath: string;
}

/** An object, named as fully as needed. */
export interface ObjectReference {
  /** The group and version of the object. */
  readonly apiVersion?: string;
  /** The part of the object that is meant. */
  readonly fieldPath?: string;
  /** The kind of the object. */
  readonly kind?: string;
  /** The name of the object. */
  readonly name?: string;
  /** The namespace of the object. */
  readonly namespace?: string;
  /** The version of the object at which the reference was made. */
  readonly resourceVersion?: string;
  /** The uid of the object. */
  readonly uid?: string;
}

/** A piece of storage in the cluster, made by an administrator or provisioned through a StorageClass. */
export interface PersistentVolume {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.ObjectMeta;
  /** What the volume is, how large it is and which claim it belongs to. */
  readonly spec: PersistentVolumeSpec;
  /** The present state of the volume, written by the system. */
  readonly status?: PersistentVolumeStatus;
}

/** A user's request for storage, and the hold on the volume that satisfies it. */
export interface PersistentVolumeClaim {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** What storage the claim asks for. */
  readonly spec: PersistentVolumeClaimSpec;
  /** The present state of the claim, written by the system. */
  readonly status?: PersistentVolumeClaimStatus;
}

/** One aspect of a claim's state. */
export interface PersistentVolumeClaimCondition {
  /** When the condition was last checked. */
  readonly lastProbeTime?: string;
  /** When the condition last changed its status. */
  readonly lastTransitionTime?: string;
  /** A sentence for people on the last change. */
  readonly message?: string;
  /** One word for programs on the last change. */
  readonly reason?: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** The name of the condition. */
  readonly type: string;
}

/** What storage a claim asks for. */
export interface PersistentVolumeClaimSpec {
  /** The ways in which the volume must be mountable; at least one is required. */
  readonly accessModes?: readonly string[];
  /** A VolumeSnapshot or a claim in the same namespace whose content the new volume starts with. */
  readonly dataSource?: TypedLocalObjectReference;
  /** Any object whose content the new volume starts with; it replaces dataSource. */
  readonly dataSourceRef?: TypedObjectReference;
  /** The least size that is needed; it may be raised later if the class allows it. */
  readonly resources?: VolumeResourceRequirements;
  /** Labels that a volume must have to be considered for this claim. */
  readonly selector?: meta.LabelSelector;
  /** The class to take the volume from; absent means the default class, an empty text no class. */
  readonly storageClassName?: string;
  /** The VolumeAttributesClass whose parameters the volume shall have; it may be changed later. */
  readonly volumeAttributesClassName?: string;
  /** Whether a file system (Filesystem) or a raw device (Block) is wanted. */
  readonly volumeMode?: string;
  /** The volume that the claim is bound to; a user may set it to ask for one volume. */
  readonly volumeName?: string;
}

/** The present state of a claim. */
export interface PersistentVolumeClaimStatus {
  /** The access modes of the bound volume. */
  readonly accessModes?: readonly string[];
  /** How far a resize of each resource has come. */
  readonly allocatedResourceStatuses?: Readonly<Record<string, string>>;
  /** The size that is set aside for the claim, also while a resize is under way. */
  readonly allocatedResources?: Readonly<Record<string, string>>;
  /** The size of the bound volume as it can be used now. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** Conditions such as Resizing, FileSystemResizePending, ModifyingVolume and Unused. */
  readonly conditions?: readonly PersistentVolumeClaimCondition[];
  /** The VolumeAttributesClass in force on the volume. */
  readonly currentVolumeAttributesClassName?: string;
  /** The change of VolumeAttributesClass that is under way, if any. */
  readonly modifyVolumeStatus?: ModifyVolumeStatus;
  /** Whether the claim is Pending, Bound or Lost. */
  readonly phase?: string;
}

/** What a claim is made from when a pod has an ephemeral volume. */
export interface PersistentVolumeClaimTemplate {
  /** Labels and annotations of the claim; other metadata is not allowed. */
  readonly metadata?: Partial<meta.ObjectMeta>;
  /** The spec of the claim. */
  readonly spec: PersistentVolumeClaimSpec;
}

/** A claim that a pod uses as a volume. */
export interface PersistentVolumeClaimVolumeSource {
  /** The name of a claim in the pod's namespace. */
  readonly claimName: string;
  /** Mount the volume read-only everywhere in the pod. */
  readonly readOnly?: boolean;
}

/** What a volume is: its size, its access modes, exactly one source, and the claim it is bound to. */
export interface PersistentVolumeSpec {
  /** The ways in which the volume may be mounted; a claim must ask for a subset of them. */
  readonly accessModes?: readonly string[];
  /** A disk of Amazon's Elastic Block Store; handled by the CSI driver ebs.csi.aws.com. */
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  /** A managed or blob disk of Azure; handled by the CSI driver disk.csi.azure.com. */
  readonly azureDisk?: AzureDiskVolumeSource;
  /** A share of the Azure file service; handled by the CSI driver file.csi.azure.com. */
  readonly azureFile?: AzureFilePersistentVolumeSource;
  /** The size of the volume, under the key storage. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** A Ceph file system; no longer supported. */
  readonly cephfs?: CephFSPersistentVolumeSource;
  /** A disk of OpenStack's Cinder; handled by the CSI driver cinder.csi.openstack.org. */
  readonly cinder?: CinderPersistentVolumeSource;
  /** The claim that the volume is bound to or reserved for; without a uid it is a reservation. */
  readonly claimRef?: ObjectReference;
  /** A volume that an external CSI driver provides. */
  readonly csi?: CSIPersistentVolumeSource;
  /** A Fibre Channel disk that is attached to the node and then mounted. */
  readonly fc?: FCVolumeSource;
  /** A volume that an executable FlexVolume driver on the node provides; CSI has replaced it. */
  readonly flexVolume?: FlexPersistentVolumeSource;
  /** A Flocker volume; no longer supported. */
  readonly flocker?: FlockerVolumeSource;
  /** A persistent disk of Google Compute Engine; handled by the CSI driver pd.csi.storage.gke.io. */
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  /** A Glusterfs volume; no longer supported. */
  readonly glusterfs?: GlusterfsPersistentVolumeSource;
  /** A directory or file of the node; for tests on a single node only. */
  readonly hostPath?: HostPathVolumeSource;
  /** An iSCSI disk that is attached to the node and then mounted. */
  readonly iscsi?: ISCSIPersistentVolumeSource;
  /** A disk, partition or directory of one node; it requires a node affinity. */
  readonly local?: LocalVolumeSource;
  /** Options for mounting the volume; the mount fails if one is not valid. */
  readonly mountOptions?: readonly string[];
  /** An export of an NFS server. */
  readonly nfs?: NFSVolumeSource;
  /** The nodes from which the volume can be reached; pods that use it are scheduled to them. */
  readonly nodeAffinity?: VolumeNodeAffinity;
  /** What happens to the volume when its claim is gone: Retain, Delete or Recycle. */
  readonly persistentVolumeReclaimPolicy?: string;
  /** A disk of the Photon controller; no longer supported. */
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  /** A Portworx volume; handled by the CSI driver pxd.portworx.com. */
  readonly portworxVolume?: PortworxVolumeSource;
  /** A Quobyte volume; no longer supported. */
  readonly quobyte?: QuobyteVolumeSource;
  /** A Ceph block device; no longer supported. */
  readonly rbd?: RBDPersistentVolumeSource;
  /** A ScaleIO volume; no longer supported. */
  readonly scaleIO?: ScaleIOPersistentVolumeSource;
  /** The class of the volume; only claims of the same class bind to it, and empty means no class. */
  readonly storageClassName?: string;
  /** A StorageOS volume; no longer supported. */
  readonly storageos?: StorageOSPersistentVolumeSource;
  /** The VolumeAttributesClass in force on the volume; only for CSI volumes. */
  readonly volumeAttributesClassName?: string;
  /** Whether the volume is used with a file system (Filesystem) or as a raw device (Block). */
  readonly volumeMode?: string;
  /** A virtual disk of vSphere; handled by the CSI driver csi.vsphere.vmware.com. */
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource;
}

/** The present state of a volume. */
export interface PersistentVolumeStatus {
  /** When the volume entered its present phase. */
  readonly lastPhaseTransitionTime?: string;
  /** A sentence for people on why the volume is in its state. */
  readonly message?: string;
  /** Where the volume is in its life: Pending, Available, Bound, Released or Failed. */
  readonly phase?: string;
  /** One word for programs on why the volume failed. */
  readonly reason?: string;
}

export interface PhotonPersistentDiskVolumeSource {
  readonly fsType?: string;
  readonly pdID: string;
}

/** A group of containers that run together on one node and share volumes and network. */
export interface Pod {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** What shall run, and how. */
  readonly spec: PodSpec;
  /** What runs now, written by the system. */
  readonly status?: PodStatus;
}

export interface PodAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
}

export interface PodAffinityTerm {
  readonly labelSelector?: meta.LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly namespaceSelector?: meta.LabelSelector;
  readonly namespaces?: readonly string[];
  readonly topologyKey: string;
}

export interface PodAntiAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
}

export interface PodCertificateProjection {
  readonly certificateChainPath?: string;
  readonly credentialBundlePath?: string;
  readonly keyPath?: string;
  readonly keyType: string;
  readonly maxExpirationSeconds?: number;
  readonly signerName: string;
  readonly userAnnotations?: Readonly<Record<string, string>>;
}

export interface PodCondition {
  readonly lastProbeTime?: string;
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface PodDNSConfig {
  readonly nameservers?: readonly string[];
  readonly options?: readonly PodDNSConfigOption[];
  readonly searches?: readonly string[];
}

export interface PodDNSConfigOption {
  readonly name?: string;
  readonly value?: string;
}

export interface PodExtendedResourceClaimStatus {
  readonly requestMappings: readonly ContainerExtendedResourceRequest[];
  readonly resourceClaimName: string;
}

export interface PodIP {
  readonly ip: string;
}

export interface PodOS {
  readonly name: string;
}

export interface PodReadinessGate {
  readonly conditionType: string;
}

export interface PodResourceClaim {
  readonly name: string;
  readonly resourceClaimName?: string;
  readonly resourceClaimTemplateName?: string;
}

export interface PodResourceClaimStatus {
  readonly name: string;
  readonly resourceClaimName?: string;
}

export interface PodSchedulingGate {
  readonly name: string;
}

export interface PodSchedulingGroup {
  readonly podGroupName?: string;
}

/** Users, groups and security settings of a pod. */
export interface PodSecurityContext {
  readonly appArmorProfile?: AppArmorProfile;
  /** The group that owns the pod's volumes, where they support it. */
  readonly fsGroup?: number;
  /** When the group of a volume's files is changed: Always, or OnRootMismatch to do so only if the root differs. */
  readonly fsGroupChangePolicy?: string;
  /** The group of the containers' processes. */
  readonly runAsGroup?: number;
  /** Refuse to run as root. */
  readonly runAsNonRoot?: boolean;
  /** The user of the containers' processes. */
  readonly runAsUser?: number;
  /** How volumes get their SELinux label: MountOption or Recursive. */
  readonly seLinuxChangePolicy?: string;
  /** The SELinux label of the containers. */
  readonly seLinuxOptions?: SELinuxOptions;
  readonly seccompProfile?: SeccompProfile;
  /** Further groups of the containers' processes. */
  readonly supplementalGroups?: readonly number[];
  readonly supplementalGroupsPolicy?: string;
  readonly sysctls?: readonly Sysctl[];
  readonly windowsOptions?: WindowsSecurityContextOptions;
}

/** What a pod runs, where, and with which volumes. */
export interface PodSpec {
  /** How long the pod may be active on the node before it is failed. */
  readonly activeDeadlineSeconds?: number;
  /** Preferences and requirements for the node and for pods nearby. */
  readonly affinity?: Affinity;
  /** Whether a token of the service account is mounted. */
  readonly automountServiceAccountToken?: boolean;
  /** The containers; at least one. */
  readonly containers: readonly Container[];
  /** DNS settings beyond the policy. */
  readonly dnsConfig?: PodDNSConfig;
  /** Where DNS settings come from: ClusterFirst, ClusterFirstWithHostNet, Default or None. */
  readonly dnsPolicy?: string;
  /** Whether services appear as environment variables. */
  readonly enableServiceLinks?: boolean;
  /** Containers added to the running pod for debugging. */
  readonly ephemeralContainers?: readonly EphemeralContainer[];
  /** Lines for the hosts file of the containers. */
  readonly hostAliases?: readonly HostAlias[];
  /** Use the host's IPC namespace. */
  readonly hostIPC?: boolean;
  /** Use the host's network. */
  readonly hostNetwork?: boolean;
  /** Use the host's process ids. */
  readonly hostPID?: boolean;
  /** Whether the host's user namespace is used; false makes one of the pod's own. */
  readonly hostUsers?: boolean;
  /** The host name inside the pod; the pod's name if absent. */
  readonly hostname?: string;
  readonly hostnameOverride?: string;
  /** Secrets for pulling the images. */
  readonly imagePullSecrets?: readonly LocalObjectReference[];
  /** Containers that run to their end, one after another, before the others start. */
  readonly initContainers?: readonly Container[];
  /** The node that the pod runs on; set by the scheduler. */
  readonly nodeName?: string;
  /** Labels that the node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** The operating system that the containers need. */
  readonly os?: PodOS;
  /** Resources that the runtime itself needs for the pod. */
  readonly overhead?: Readonly<Record<string, string>>;
  /** Whether pods of lower priority may be removed to make room. */
  readonly preemptionPolicy?: string;
  /** How important the pod is; set from priorityClassName. */
  readonly priority?: number;
  /** The name of a PriorityClass. */
  readonly priorityClassName?: string;
  /** Conditions that must be true before the pod counts as ready. */
  readonly readinessGates?: readonly PodReadinessGate[];
  readonly resourceClaims?: readonly PodResourceClaim[];
  readonly resources?: ResourceRequirements;
  /** When containers are restarted: Always, OnFailure or Never. */
  readonly restartPolicy?: string;
  /** The name of the RuntimeClass to run the pod with. */
  readonly runtimeClassName?: string;
  /** The scheduler that places the pod. */
  readonly schedulerName?: string;
  /** Gates that must all be removed before the pod is scheduled. */
  readonly schedulingGates?: readonly PodSchedulingGate[];
  readonly schedulingGroup?: PodSchedulingGroup;
  /** Users, groups and security settings for all containers and volumes. */
  readonly securityContext?: PodSecurityContext;
  /** The older name of serviceAccountName. */
  readonly serviceAccount?: string;
  /** The service account that the pod runs as. */
  readonly serviceAccountName?: string;
  readonly setHostnameAsFQDN?: boolean;
  /** Whether the containers see each other's processes. */
  readonly shareProcessNamespace?: boolean;
  /** The subdomain of the pod's host name; the name of a headless service. */
  readonly subdomain?: string;
  /** How long the containers have to end after SIGTERM before they are killed. */
  readonly terminationGracePeriodSeconds?: number;
  /** Taints of nodes that the pod tolerates. */
  readonly tolerations?: readonly Toleration[];
  /** How the pods of a group spread over zones and nodes. */
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[];
  /** The volumes that the containers may mount. */
  readonly volumes?: readonly Volume[];
}

/** What a pod is doing now. */
export interface PodStatus {
  readonly allocatedResources?: Readonly<Record<string, string>>;
  /** Conditions such as PodScheduled, Initialized, ContainersReady and Ready. */
  readonly conditions?: readonly PodCondition[];
  /** The state of each container. */
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  readonly extendedResourceClaimStatus?: PodExtendedResourceClaimStatus;
  /** The address of the node. */
  readonly hostIP?: string;
  readonly hostIPs?: readonly HostIP[];
  /** The state of each init container. */
  readonly initContainerStatuses?: readonly ContainerStatus[];
  /** A sentence for people on why the pod is in its state. */
  readonly message?: string;
  readonly nodeAllocatableResourceClaimStatuses?: readonly NodeAllocatableResourceClaimStatus[];
  /** The node on which room is being made for the pod. */
  readonly nominatedNodeName?: string;
  readonly observedGeneration?: number;
  /** Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase?: string;
  /** The address of the pod. */
  readonly podIP?: string;
  readonly podIPs?: readonly PodIP[];
  /** Guaranteed, Burstable or BestEffort, from requests and limits. */
  readonly qosClass?: string;
  /** One word for programs on why the pod is in its state. */
  readonly reason?: string;
  readonly resize?: string;
  readonly resourceClaimStatuses?: readonly PodResourceClaimStatus[];
  readonly resources?: ResourceRequirements;
  /** When the node acknowledged the pod. */
  readonly startTime?: string;
}

export interface PodTemplate {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly template?: PodTemplateSpec;
}

/** What pods are made from. */
export interface PodTemplateSpec {
  /** Labels and annotations of the pods. */
  readonly metadata?: Partial<meta.ObjectMeta>;
  /** The spec of the pods. */
  readonly spec?: PodSpec;
}

export interface PortStatus {
  readonly error?: string;
  readonly port: number;
  readonly protocol: string;
}

export interface PortworxVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly volumeID: string;
}

export interface PreferredSchedulingTerm {
  readonly preference: NodeSelectorTerm;
  readonly weight: number;
}

export interface Probe {
  readonly exec?: ExecAction;
  readonly failureThreshold?: number;
  readonly grpc?: GRPCAction;
  readonly httpGet?: HTTPGetAction;
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly tcpSocket?: TCPSocketAction;
  readonly terminationGracePeriodSeconds?: number;
  readonly timeoutSeconds?: number;
}

/** Files from several sources in one directory. */
export interface ProjectedVolumeSource {
  /** The mode of the files, unless an item has its own; 0644 if absent. */
  readonly defaultMode?: number;
  /** The sources, each of exactly one kind. */
  readonly sources?: readonly VolumeProjection[];
}

export interface QuobyteVolumeSource {
  readonly group?: string;
  readonly readOnly?: boolean;
  readonly registry: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly volume: string;
}

export interface RBDPersistentVolumeSource {
  readonly fsType?: string;
  readonly image: string;
  readonly keyring?: string;
  readonly monitors: readonly string[];
  readonly pool?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: SecretReference;
  readonly user?: string;
}

export interface RBDVolumeSource {
  readonly fsType?: string;
  readonly image: string;
  readonly keyring?: string;
  readonly monitors: readonly string[];
  readonly pool?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: LocalObjectReference;
  readonly user?: string;
}

export interface ReplicationController {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly spec: ReplicationControllerSpec;
  readonly status?: ReplicationControllerStatus;
}

export interface ReplicationControllerCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface ReplicationControllerSpec {
  readonly minReadySeconds?: number;
  readonly replicas?: number;
  readonly selector?: Readonly<Record<string, string>>;
  readonly template?: PodTemplateSpec;
}

export interface ReplicationControllerStatus {
  readonly availableReplicas?: number;
  readonly conditions?: readonly ReplicationControllerCondition[];
  readonly fullyLabeledReplicas?: number;
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas: number;
}

export interface ResourceClaim {
  readonly name: string;
  readonly request?: string;
}

export interface ResourceFieldSelector {
  readonly containerName?: string;
  readonly divisor?: string;
  readonly resource: string;
}

export interface ResourceHealth {
  readonly health?: string;
  readonly message?: string;
  readonly resourceID: string;
}

export interface ResourceQuota {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly spec: ResourceQuotaSpec;
  readonly status?: ResourceQuotaStatus;
}

export interface ResourceQuotaSpec {
  readonly hard?: Readonly<Record<string, string>>;
  readonly scopeSelector?: ScopeSelector;
  readonly scopes?: readonly string[];
}

export interface ResourceQuotaStatus {
  readonly hard?: Readonly<Record<string, string>>;
  readonly used?: Readonly<Record<string, string>>;
}

export interface ResourceRequirements {
  readonly claims?: readonly ResourceClaim[];
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}

export interface ResourceStatus {
  readonly name: string;
  readonly resources?: readonly ResourceHealth[];
}

export interface SELinuxOptions {
  readonly level?: string;
  readonly role?: string;
  readonly type?: string;
  readonly user?: string;
}

export interface ScaleIOPersistentVolumeSource {
  readonly fsType?: string;
  readonly gateway: string;
  readonly protectionDomain?: string;
  readonly readOnly?: boolean;
  readonly secretRef: SecretReference;
  readonly sslEnabled?: boolean;
  readonly storageMode?: string;
  readonly storagePool?: string;
  readonly system: string;
  readonly volumeName?: string;
}

export interface ScaleIOVolumeSource {
  readonly fsType?: string;
  readonly gateway: string;
  readonly protectionDomain?: string;
  readonly readOnly?: boolean;
  readonly secretRef: LocalObjectReference;
  readonly sslEnabled?: boolean;
  readonly storageMode?: string;
  readonly storagePool?: string;
  readonly system: string;
  readonly volumeName?: string;
}

export interface ScopeSelector {
  readonly matchExpressions?: readonly ScopedResourceSelectorRequirement[];
}

export interface ScopedResourceSelectorRequirement {
  readonly operator: string;
  readonly scopeName: string;
  readonly values?: readonly string[];
}

export interface SeccompProfile {
  readonly localhostProfile?: string;
  readonly type: string;
}

/** Confidential data as keys and values. */
export interface Secret {
  readonly apiVersion: string;
  readonly kind: string;
  /** The entries, in base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** Whether the entries can no longer change. */
  readonly immutable?: boolean;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** Entries as plain text, for writing only; they become data. */
  readonly stringData?: Readonly<Record<string, string>>;
  /** What the secret is for; programs that use it agree on the keys. */
  readonly type?: string;
}

export interface SecretEnvSource {
  readonly name?: string;
  readonly optional?: boolean;
}

export interface SecretKeySelector {
  readonly key: string;
  readonly name?: string;
  readonly optional?: boolean;
}

/** Entries of a Secret in a projected volume. */
export interface SecretProjection {
  /** The entries to show and where; absent shows all of them under their keys. */
  readonly items?: readonly KeyToPath[];
  /** The name of the secret. */
  readonly name?: string;
  /** Start the pod even if the secret or an entry is missing. */
  readonly optional?: boolean;
}

/** A secret by name and namespace. */
export interface SecretReference {
  /** The name of the secret. */
  readonly name?: string;
  /** The namespace of the secret. */
  readonly namespace?: string;
}

/** The entries of a Secret as files. */
export interface SecretVolumeSource {
  /** The mode of the files, unless an item has its own; 0644 if absent. */
  readonly defaultMode?: number;
  /** The entries to show and where; absent shows all of them under their keys. */
  readonly items?: readonly KeyToPath[];
  /** Start the pod even if the secret or an entry is missing. */
  readonly optional?: boolean;
  /** The name of a secret in the pod's namespace. */
  readonly secretName?: string;
}

export interface SecurityContext {
  readonly allowPrivilegeEscalation?: boolean;
  readonly appArmorProfile?: AppArmorProfile;
  readonly capabilities?: Capabilities;
  readonly privileged?: boolean;
  readonly procMount?: string;
  readonly readOnlyRootFilesystem?: boolean;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxOptions?: SELinuxOptions;
  readonly seccompProfile?: SeccompProfile;
  readonly windowsOptions?: WindowsSecurityContextOptions;
}

/** A stable name and address for a set of pods. */
export interface Service {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** Which pods, and on which ports. */
  readonly spec: ServiceSpec;
  /** The present state of the service. */
  readonly status?: ServiceStatus;
}

/** An identity for programs in pods. */
export interface ServiceAccount {
  readonly apiVersion: string;
  readonly kind: string;
  /** Whether pods of the account get a token mounted. */
  readonly automountServiceAccountToken?: boolean;
  /** Secrets for pulling images of the account's pods. */
  readonly imagePullSecrets?: readonly LocalObjectReference[];
  /** Name, labels, annotations and the other data that every object has. */
  readonly metadata: meta.NamespacedObjectMeta;
  /** Secrets that pods of the account may use. */
  readonly secrets?: readonly ObjectReference[];
}

/** A token as a file. */
export interface ServiceAccountTokenProjection {
  /** Whom the token is meant for; absent means the API server. */
  readonly audience?: string;
  /** How long a token is valid, at least 600 seconds; an hour if absent. */
  readonly expirationSeconds?: number;
  /** The relative path of the file. */
  readonly path: string;
}

export interface ServicePort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly nodePort?: number;
  readonly port: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
}

export interface ServiceSpec {
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly externalTrafficPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly internalTrafficPolicy?: string;
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly loadBalancerClass?: string;
  readonly loadBalancerIP?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly ports?: readonly ServicePort[];
  readonly publishNotReadyAddresses?: boolean;
  readonly selector?: Readonly<Record<string, string>>;
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: SessionAffinityConfig;
  readonly trafficDistribution?: string;
  readonly type?: string;
}

export interface ServiceStatus {
  readonly conditions?: readonly meta.Condition[];
  readonly loadBalancer?: LoadBalancerStatus;
}

export interface SessionAffinityConfig {
  readonly clientIP?: ClientIPConfig;
}

export interface SleepAction {
  readonly seconds: number;
}

export interface StorageOSPersistentVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: ObjectReference;
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
}

export interface StorageOSVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: LocalObjectReference;
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
}

export interface Sysctl {
  readonly name: string;
  readonly value: string;
}

export interface TCPSocketAction {
  readonly host?: string;
  readonly port: number | string;
}

export interface Taint {
  readonly effect: string;
  readonly key: string;
  readonly timeAdded?: string;
  readonly value?: string;
}

export interface Toleration {
  readonly effect?: string;
  readonly key?: string;
  readonly operator?: string;
  readonly tolerationSeconds?: number;
  readonly value?: string;
}

export interface TopologySpreadConstraint {
  readonly labelSelector?: meta.LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly maxSkew: number;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
}

/** An object in the same namespace. */
export interface TypedLocalObjectReference {
  /** The group of the object; empty for the core group. */
  readonly apiGroup?: string;
  /** The kind of the object. */
  readonly kind: string;
  /** The name of the object. */
  readonly name: string;
}

/** An object, possibly in another namespace. */
export interface TypedObjectReference {
  /** The group of the object; empty for the core group. */
  readonly apiGroup?: string;
  /** The kind of the object. */
  readonly kind: string;
  /** The name of the object. */
  readonly name: string;
  /** The namespace of the object, if it is not that of the claim. */
  readonly namespace?: string;
}

/** A volume of a pod, which its containers mount by name. */
export interface Volume {
  /** A disk of Amazon's Elastic Block Store. */
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  /** A managed or blob disk of Azure. */
  readonly azureDisk?: AzureDiskVolumeSource;
  /** A share of the Azure file service. */
  readonly azureFile?: AzureFileVolumeSource;
  /** A Ceph file system; no longer supported. */
  readonly cephfs?: CephFSVolumeSource;
  /** A disk of OpenStack's Cinder. */
  readonly cinder?: CinderVolumeSource;
  /** The entries of a ConfigMap as files. */
  readonly configMap?: ConfigMapVolumeSource;
  /** A volume that a CSI driver makes for this pod alone. */
  readonly csi?: CSIVolumeSource;
  /** Fields of the pod as files. */
  readonly downwardAPI?: DownwardAPIVolumeSource;
  /** An empty directory that lives as long as the pod. */
  readonly emptyDir?: EmptyDirVolumeSource;
  /** A volume with a claim of its own, made with the pod and deleted with it. */
  readonly ephemeral?: EphemeralVolumeSource;
  /** A Fibre Channel disk. */
  readonly fc?: FCVolumeSource;
  /** A volume of an executable FlexVolume driver; CSI has replaced it. */
  readonly flexVolume?: FlexVolumeSource;
  /** A Flocker volume; no longer supported. */
  readonly flocker?: FlockerVolumeSource;
  /** A persistent disk of Google Compute Engine. */
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  /** A clone of a Git repository; disabled for safety. */
  readonly gitRepo?: GitRepoVolumeSource;
  /** A Glusterfs volume; no longer supported. */
  readonly glusterfs?: GlusterfsVolumeSource;
  /** A directory or file of the node. */
  readonly hostPath?: HostPathVolumeSource;
  /** The content of an OCI image or artifact, read-only. */
  readonly image?: ImageVolumeSource;
  /** An iSCSI disk. */
  readonly iscsi?: ISCSIVolumeSource;
  /** The name by which containers mount the volume; unique in the pod. */
  readonly name: string;
  /** An export of an NFS server. */
  readonly nfs?: NFSVolumeSource;
  /** The volume that a claim in the same namespace is bound to. */
  readonly persistentVolumeClaim?: PersistentVolumeClaimVolumeSource;
  /** A disk of the Photon controller; no longer supported. */
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  /** A Portworx volume. */
  readonly portworxVolume?: PortworxVolumeSource;
  /** Files from several sources in one directory. */
  readonly projected?: ProjectedVolumeSource;
  /** A Quobyte volume; no longer supported. */
  readonly quobyte?: QuobyteVolumeSource;
  /** A Ceph block device; no longer supported. */
  readonly rbd?: RBDVolumeSource;
  /** A ScaleIO volume; no longer supported. */
  readonly scaleIO?: ScaleIOVolumeSource;
  /** The entries of a Secret as files. */
  readonly secret?: SecretVolumeSource;
  /** A StorageOS volume; no longer supported. */
  readonly storageos?: StorageOSVolumeSource;
  /** A virtual disk of vSphere. */
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource;
}

/** A raw block volume inside a container. */
export interface VolumeDevice {
  /** The path of the device inside the container. */
  readonly devicePath: string;
  /** The name of a volume of the pod that is a claim in Block mode. */
  readonly name: string;
}

/** A volume inside a container's file system. */
export interface VolumeMount {
  /** The path inside the container; it must not contain a colon. */
  readonly mountPath: string;
  /** Whether mounts made later pass between host and container: None, HostToContainer or Bidirectional. */
  readonly mountPropagation?: string;
  /** The name of a volume of the pod. */
  readonly name: string;
  /** Mount the volume read-only. */
  readonly readOnly?: boolean;
  /** Whether mounts below this one are read-only too: Disabled, IfPossible or Enabled. */
  readonly recursiveReadOnly?: string;
  /** The path inside the volume that is mounted; absent mounts its root. */
  readonly subPath?: string;
  /** A subPath in which $(NAME) stands for environment variables of the container. */
  readonly subPathExpr?: string;
}

/** How a volume came to be mounted. */
export interface VolumeMountStatus {
  /** The path inside the container. */
  readonly mountPath: string;
  /** The name of the volume. */
  readonly name: string;
  /** Whether the mount is read-only. */
  readonly readOnly?: boolean;
  /** Whether mounts below it are read-only too. */
  readonly recursiveReadOnly?: string;
  readonly volumeStatus?: VolumeStatus;
}

/** The nodes from which a volume can be reached. */
export interface VolumeNodeAffinity {
  /** What a node must satisfy; any of the terms will do. */
  readonly required?: NodeSelector;
}

/** One source of a projected volume. */
export interface VolumeProjection {
  /** Trust anchors from ClusterTrustBundle objects. */
  readonly clusterTrustBundle?: ClusterTrustBundleProjection;
  /** Entries of a ConfigMap. */
  readonly configMap?: ConfigMapProjection;
  /** Fields of the pod. */
  readonly downwardAPI?: DownwardAPIProjection;
  /** A private key and certificate that are made for the pod. */
  readonly podCertificate?: PodCertificateProjection;
  /** Entries of a Secret. */
  readonly secret?: SecretProjection;
  /** A token of the pod's service account, renewed before it expires. */
  readonly serviceAccountToken?: ServiceAccountTokenProjection;
}

/** How much storage is wanted. */
export interface VolumeResourceRequirements {
  /** The most storage that is wanted. */
  readonly limits?: Readonly<Record<string, string>>;
  /** The least storage that is needed, under the key storage. */
  readonly requests?: Readonly<Record<string, string>>;
}

export interface VolumeStatus {
  readonly image?: ImageVolumeStatus;
}

export interface VsphereVirtualDiskVolumeSource {
  readonly fsType?: string;
  readonly storagePolicyID?: string;
  readonly storagePolicyName?: string;
  readonly volumePath: string;
}

export interface WeightedPodAffinityTerm {
  readonly podAffinityTerm: PodAffinityTerm;
  readonly weight: number;
}

export interface WindowsSecurityContextOptions {
  readonly gmsaCredentialSpec?: string;
  readonly gmsaCredentialSpecName?: string;
  readonly hostProcess?: boolean;
  readonly runAsUserName?: string;
}

