// Generated from schema/*.api by `npm run generate:api`. Do not edit.
export const descriptions: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
 "apiextensions.v1": {},
 "apps.v1": {
  "ControllerRevision": {
   "": "A state of a controller's template that can be gone back to."
  },
  "DaemonSet": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "Which pod, on which nodes.",
   "status": "The present state of the set.",
   "": "One pod on every node, or on those selected."
  },
  "Deployment": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "How many pods, and of what kind.",
   "status": "The present state of the deployment.",
   "": "Pods that are alike, replaced step by step when their template changes."
  },
  "DeploymentSpec": {
   "minReadySeconds": "How long a pod must be ready to count as available.",
   "paused": "Whether changes of the template wait.",
   "progressDeadlineSeconds": "How long a rollout may make no progress before it counts as failed.",
   "replicas": "How many pods are wanted.",
   "revisionHistoryLimit": "How many old ReplicaSets are kept.",
   "selector": "The pods that belong to the deployment; it cannot be changed.",
   "strategy": "How old pods are replaced by new ones.",
   "template": "What the pods are made from."
  },
  "ReplicaSet": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "How many pods, and of what kind.",
   "status": "The present state of the set.",
   "": "A number of pods that are alike."
  },
  "StatefulSet": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "How many pods, and of what kind.",
   "status": "The present state of the set.",
   "": "Pods with names and storage of their own, started and stopped in order."
  },
  "StatefulSetPersistentVolumeClaimRetentionPolicy": {
   "whenDeleted": "Retain or Delete the claims when the set is deleted.",
   "whenScaled": "Retain or Delete the claims of pods that scaling down removes.",
   "": "What becomes of the claims of a set."
  },
  "StatefulSetSpec": {
   "minReadySeconds": "How long a pod must be ready to count as available.",
   "ordinals": "Where the numbering of the pods begins.",
   "persistentVolumeClaimRetentionPolicy": "What becomes of the claims when the set is deleted or scaled down.",
   "podManagementPolicy": "Whether pods start one after another (OrderedReady) or at once (Parallel).",
   "replicas": "How many pods are wanted.",
   "revisionHistoryLimit": "How many old revisions are kept.",
   "selector": "The pods that belong to the set; it cannot be changed.",
   "serviceName": "The headless service that gives the pods their names.",
   "template": "What the pods are made from.",
   "updateStrategy": "How a changed template reaches the pods.",
   "volumeClaimTemplates": "What each pod's own claims are made from; they cannot be changed.",
   "": "How many pods a set has, and of what kind."
  }
 },
 "authentication.v1": {},
 "authorization.v1": {},
 "autoscaling.v1": {},
 "batch.v1": {},
 "coordination.v1": {},
 "core.v1": {
  "AttachedVolume": {
   "devicePath": "The path of its device on the node, if known.",
   "name": "The unique name of the volume.",
   "": "A volume that is attached to a node."
  },
  "CSIPersistentVolumeSource": {
   "controllerExpandSecretRef": "The secret for growing the volume in the backend.",
   "controllerPublishSecretRef": "The secret for attaching and detaching the volume.",
   "driver": "The name of the CSI driver.",
   "fsType": "The file system to make and mount, such as ext4; absent leaves the choice to the driver.",
   "nodeExpandSecretRef": "The secret for growing the file system on the node.",
   "nodePublishSecretRef": "The secret for mounting the volume for a pod.",
   "nodeStageSecretRef": "The secret for staging the volume on a node.",
   "readOnly": "Attach and mount the volume read-only.",
   "volumeAttributes": "Attributes that the driver gave when it created the volume.",
   "volumeHandle": "The id by which the driver knows the volume.",
   "": "A volume that a CSI driver provides."
  },
  "CSIVolumeSource": {
   "driver": "The name of the CSI driver; it must support the Ephemeral lifecycle mode.",
   "fsType": "The file system to mount; absent leaves the choice to the driver.",
   "nodePublishSecretRef": "The secret for mounting the volume.",
   "readOnly": "Mount the volume read-only.",
   "volumeAttributes": "Parameters for the driver.",
   "": "A volume that a CSI driver makes for one pod and takes away with it."
  },
  "ConfigMap": {
   "binaryData": "Entries that are not text, in base64.",
   "data": "Entries that are text.",
   "immutable": "Whether the entries can no longer change.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "": "Configuration as keys and texts."
  },
  "ConfigMapProjection": {
   "items": "The entries to show and where; absent shows all of them under their keys.",
   "name": "The name of the ConfigMap.",
   "optional": "Start the pod even if the ConfigMap or an entry is missing.",
   "": "Entries of a ConfigMap in a projected volume."
  },
  "ConfigMapVolumeSource": {
   "defaultMode": "The mode of the files, unless an item has its own; 0644 if absent.",
   "items": "The entries to show and where; absent shows all of them under their keys.",
   "name": "The name of a ConfigMap in the pod's namespace.",
   "optional": "Start the pod even if the ConfigMap or an entry is missing.",
   "": "The entries of a ConfigMap as files."
  },
  "Container": {
   "args": "Arguments of the command; the image's own if absent.",
   "command": "The command, without a shell; the image's entry point if absent.",
   "env": "Environment variables.",
   "envFrom": "Sources of further environment variables.",
   "image": "The image to run.",
   "imagePullPolicy": "When the image is pulled: Always, Never or IfNotPresent.",
   "lifecycle": "What to do after the container starts and before it stops.",
   "livenessProbe": "How to find out that the container must be restarted.",
   "name": "The name of the container; unique in the pod.",
   "ports": "Ports that the container listens on.",
   "readinessProbe": "How to find out that the container can serve.",
   "resources": "CPU, memory and other resources that the container needs and may use.",
   "restartPolicy": "Always makes an init container a sidecar that keeps running.",
   "securityContext": "Users, capabilities and security settings of the container.",
   "startupProbe": "How to find out that the container has started; other probes wait for it.",
   "stdin": "Keep standard input open.",
   "stdinOnce": "Close standard input after the first client.",
   "terminationMessagePath": "The file whose content becomes the message of the ended container.",
   "terminationMessagePolicy": "Where that message comes from: File, or FallbackToLogsOnError.",
   "tty": "Give the container a terminal; stdin must be true.",
   "volumeDevices": "Block volumes of the pod that the container uses as devices.",
   "volumeMounts": "Volumes of the pod that the container mounts.",
   "workingDir": "The directory that the command starts in.",
   "": "A program, its image and its volumes."
  },
  "DownwardAPIProjection": {
   "items": "The files.",
   "": "Fields of the pod in a projected volume."
  },
  "DownwardAPIVolumeFile": {
   "fieldRef": "A field of the pod: its name, namespace, uid, labels or annotations.",
   "mode": "The mode of the file.",
   "path": "The relative path of the file, without dot-dot.",
   "resourceFieldRef": "A request or limit of a container.",
   "": "One field of the pod as a file."
  },
  "DownwardAPIVolumeSource": {
   "defaultMode": "The mode of the files, unless an item has its own; 0644 if absent.",
   "items": "The files.",
   "": "Fields of the pod as files."
  },
  "EmptyDirVolumeSource": {
   "medium": "Where the directory lives: empty for the node's disk, Memory for RAM, HugePages for huge pages.",
   "sizeLimit": "How much may be stored before the pod is evicted.",
   "": "A directory that is empty when the pod starts and gone when it ends."
  },
  "EphemeralVolumeSource": {
   "volumeClaimTemplate": "What the claim is made from; its name is the pod's, a dash and the volume's.",
   "": "A volume whose claim is made with the pod and deleted with it."
  },
  "Event": {
   "action": "What was done.",
   "count": "How often it happened.",
   "eventTime": "When it was first seen.",
   "firstTimestamp": "When it was first seen.",
   "involvedObject": "The object that it is about.",
   "lastTimestamp": "When it was last seen.",
   "message": "A sentence for people.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "reason": "One word for programs.",
   "related": "Another object that matters.",
   "reportingComponent": "The controller that reports it.",
   "reportingInstance": "The instance of that controller.",
   "series": "How often it was repeated.",
   "source": "The component that reports it.",
   "type": "Normal or Warning.",
   "": "Something that happened to an object."
  },
  "FCVolumeSource": {
   "fsType": "The file system to make and mount.",
   "lun": "The number of the logical unit.",
   "readOnly": "Mount the disk read-only.",
   "targetWWNs": "The world wide names of the target; together with lun.",
   "wwids": "World wide identifiers of the disk, instead of targetWWNs and lun.",
   "": "A Fibre Channel disk."
  },
  "FlexPersistentVolumeSource": {
   "driver": "The name of the driver, as vendor/driver.",
   "fsType": "The file system to make and mount.",
   "options": "Options that are handed to the driver.",
   "readOnly": "Mount the volume read-only.",
   "secretRef": "The secret that is handed to the driver.",
   "": "A volume of an executable FlexVolume driver."
  },
  "FlexVolumeSource": {
   "driver": "The name of the driver, as vendor/driver.",
   "fsType": "The file system to make and mount.",
   "options": "Options that are handed to the driver.",
   "readOnly": "Mount the volume read-only.",
   "secretRef": "The secret that is handed to the driver.",
   "": "A volume of an executable FlexVolume driver."
  },
  "GitRepoVolumeSource": {
   "directory": "The directory of the clone; a dot clones into the volume itself.",
   "repository": "The URL of the repository.",
   "revision": "The commit to check out.",
   "": "A clone of a Git repository."
  },
  "HostPathVolumeSource": {
   "path": "The path on the node.",
   "type": "What must be at the path, or is made there: Directory, DirectoryOrCreate, File, FileOrCreate, Socket, CharDevice or BlockDevice; empty checks nothing.",
   "": "A directory or file of the node."
  },
  "ISCSIPersistentVolumeSource": {
   "chapAuthDiscovery": "Authenticate with CHAP when targets are discovered.",
   "chapAuthSession": "Authenticate with CHAP when the session is opened.",
   "fsType": "The file system to make and mount.",
   "initiatorName": "The name by which the node introduces itself to the target.",
   "iqn": "The qualified name of the target.",
   "iscsiInterface": "The interface of the initiator; default unless said otherwise.",
   "lun": "The number of the logical unit.",
   "portals": "Further portals of the target, for multipath.",
   "readOnly": "Mount the disk read-only.",
   "secretRef": "The secret with the CHAP credentials.",
   "targetPortal": "The address of the target, with a port unless it is 3260.",
   "": "An iSCSI disk."
  },
  "ISCSIVolumeSource": {
   "chapAuthDiscovery": "Authenticate with CHAP when targets are discovered.",
   "chapAuthSession": "Authenticate with CHAP when the session is opened.",
   "fsType": "The file system to make and mount.",
   "initiatorName": "The name by which the node introduces itself to the target.",
   "iqn": "The qualified name of the target.",
   "iscsiInterface": "The interface of the initiator; default unless said otherwise.",
   "lun": "The number of the logical unit.",
   "portals": "Further portals of the target, for multipath.",
   "readOnly": "Mount the disk read-only.",
   "secretRef": "The secret with the CHAP credentials.",
   "targetPortal": "The address of the target, with a port unless it is 3260.",
   "": "An iSCSI disk."
  },
  "ImageVolumeSource": {
   "pullPolicy": "When the image is pulled: Always, Never or IfNotPresent.",
   "reference": "The image or artifact, as a container's image is written.",
   "": "The content of an image or artifact as a read-only volume."
  },
  "KeyToPath": {
   "key": "The key of the entry.",
   "mode": "The mode of the file.",
   "path": "The relative path of the file, without dot-dot.",
   "": "One entry as a file."
  },
  "LocalObjectReference": {
   "name": "The name of the object.",
   "": "An object in the same namespace."
  },
  "LocalVolumeSource": {
   "fsType": "The file system to make and mount if the path is a block device.",
   "path": "The directory or block device on the node.",
   "": "Storage of one node."
  },
  "ModifyVolumeStatus": {
   "status": "Whether the change is Pending, InProgress or Infeasible.",
   "targetVolumeAttributesClassName": "The class that is being applied.",
   "": "The state of a change of VolumeAttributesClass."
  },
  "NFSVolumeSource": {
   "path": "The exported path.",
   "readOnly": "Mount the export read-only.",
   "server": "The host name or address of the server.",
   "": "An export of an NFS server."
  },
  "Namespace": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "How the namespace behaves.",
   "status": "The present state of the namespace.",
   "": "A space of names, which users and teams do not share."
  },
  "Node": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "How the node is used.",
   "status": "What the node has and does, written by its kubelet.",
   "": "A machine that runs pods."
  },
  "NodeSelector": {
   "nodeSelectorTerms": "The terms.",
   "": "Nodes, by their labels and fields; any of the terms will do."
  },
  "NodeSelectorRequirement": {
   "key": "The label or field.",
   "operator": "In, NotIn, Exists, DoesNotExist, Gt or Lt.",
   "values": "The values: some for In and NotIn, one integer for Gt and Lt, none otherwise.",
   "": "A requirement on one label or field."
  },
  "NodeSelectorTerm": {
   "matchExpressions": "Requirements on labels.",
   "matchFields": "Requirements on fields; only metadata.name is known.",
   "": "Requirements that a node must satisfy all of; none of them match no node."
  },
  "NodeSpec": {
   "podCIDR": "The addresses for pods on the node.",
   "providerID": "The id of the machine at its cloud provider.",
   "taints": "Marks that keep pods away which do not tolerate them.",
   "unschedulable": "Place no new pods on the node."
  },
  "NodeStatus": {
   "addresses": "Addresses by which the node is reached.",
   "allocatable": "What pods may use of the node's resources.",
   "capacity": "The node's resources.",
   "conditions": "Conditions such as Ready, MemoryPressure and DiskPressure.",
   "daemonEndpoints": "Ports of the kubelet.",
   "images": "Images that are on the node.",
   "nodeInfo": "Versions and ids of the node's software and hardware.",
   "volumesAttached": "Volumes that are attached to the node, as the attach/detach controller knows.",
   "volumesInUse": "Attachable volumes that the node still uses; they are not safe to detach."
  },
  "ObjectReference": {
   "apiVersion": "The group and version of the object.",
   "fieldPath": "The part of the object that is meant.",
   "kind": "The kind of the object.",
   "name": "The name of the object.",
   "namespace": "The namespace of the object.",
   "resourceVersion": "The version of the object at which the reference was made.",
   "uid": "The uid of the object.",
   "": "An object, named as fully as needed."
  },
  "PersistentVolume": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "What the volume is, how large it is and which claim it belongs to.",
   "status": "The present state of the volume, written by the system.",
   "": "A piece of storage in the cluster, made by an administrator or provisioned through a StorageClass."
  },
  "PersistentVolumeClaim": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "What storage the claim asks for.",
   "status": "The present state of the claim, written by the system.",
   "": "A user's request for storage, and the hold on the volume that satisfies it."
  },
  "PersistentVolumeClaimCondition": {
   "lastProbeTime": "When the condition was last checked.",
   "lastTransitionTime": "When the condition last changed its status.",
   "message": "A sentence for people on the last change.",
   "reason": "One word for programs on the last change.",
   "status": "True, False or Unknown.",
   "type": "The name of the condition.",
   "": "One aspect of a claim's state."
  },
  "PersistentVolumeClaimSpec": {
   "accessModes": "The ways in which the volume must be mountable; at least one is required.",
   "dataSource": "A VolumeSnapshot or a claim in the same namespace whose content the new volume starts with.",
   "dataSourceRef": "Any object whose content the new volume starts with; it replaces dataSource.",
   "resources": "The least size that is needed; it may be raised later if the class allows it.",
   "selector": "Labels that a volume must have to be considered for this claim.",
   "storageClassName": "The class to take the volume from; absent means the default class, an empty text no class.",
   "volumeAttributesClassName": "The VolumeAttributesClass whose parameters the volume shall have; it may be changed later.",
   "volumeMode": "Whether a file system (Filesystem) or a raw device (Block) is wanted.",
   "volumeName": "The volume that the claim is bound to; a user may set it to ask for one volume.",
   "": "What storage a claim asks for."
  },
  "PersistentVolumeClaimStatus": {
   "accessModes": "The access modes of the bound volume.",
   "allocatedResourceStatuses": "How far a resize of each resource has come.",
   "allocatedResources": "The size that is set aside for the claim, also while a resize is under way.",
   "capacity": "The size of the bound volume as it can be used now.",
   "conditions": "Conditions such as Resizing, FileSystemResizePending, ModifyingVolume and Unused.",
   "currentVolumeAttributesClassName": "The VolumeAttributesClass in force on the volume.",
   "modifyVolumeStatus": "The change of VolumeAttributesClass that is under way, if any.",
   "phase": "Whether the claim is Pending, Bound or Lost.",
   "": "The present state of a claim."
  },
  "PersistentVolumeClaimTemplate": {
   "metadata": "Labels and annotations of the claim; other metadata is not allowed.",
   "spec": "The spec of the claim.",
   "": "What a claim is made from when a pod has an ephemeral volume."
  },
  "PersistentVolumeClaimVolumeSource": {
   "claimName": "The name of a claim in the pod's namespace.",
   "readOnly": "Mount the volume read-only everywhere in the pod.",
   "": "A claim that a pod uses as a volume."
  },
  "PersistentVolumeSpec": {
   "accessModes": "The ways in which the volume may be mounted; a claim must ask for a subset of them.",
   "awsElasticBlockStore": "A disk of Amazon's Elastic Block Store; handled by the CSI driver ebs.csi.aws.com.",
   "azureDisk": "A managed or blob disk of Azure; handled by the CSI driver disk.csi.azure.com.",
   "azureFile": "A share of the Azure file service; handled by the CSI driver file.csi.azure.com.",
   "capacity": "The size of the volume, under the key storage.",
   "cephfs": "A Ceph file system; no longer supported.",
   "cinder": "A disk of OpenStack's Cinder; handled by the CSI driver cinder.csi.openstack.org.",
   "claimRef": "The claim that the volume is bound to or reserved for; without a uid it is a reservation.",
   "csi": "A volume that an external CSI driver provides.",
   "fc": "A Fibre Channel disk that is attached to the node and then mounted.",
   "flexVolume": "A volume that an executable FlexVolume driver on the node provides; CSI has replaced it.",
   "flocker": "A Flocker volume; no longer supported.",
   "gcePersistentDisk": "A persistent disk of Google Compute Engine; handled by the CSI driver pd.csi.storage.gke.io.",
   "glusterfs": "A Glusterfs volume; no longer supported.",
   "hostPath": "A directory or file of the node; for tests on a single node only.",
   "iscsi": "An iSCSI disk that is attached to the node and then mounted.",
   "local": "A disk, partition or directory of one node; it requires a node affinity.",
   "mountOptions": "Options for mounting the volume; the mount fails if one is not valid.",
   "nfs": "An export of an NFS server.",
   "nodeAffinity": "The nodes from which the volume can be reached; pods that use it are scheduled to them.",
   "persistentVolumeReclaimPolicy": "What happens to the volume when its claim is gone: Retain, Delete or Recycle.",
   "photonPersistentDisk": "A disk of the Photon controller; no longer supported.",
   "portworxVolume": "A Portworx volume; handled by the CSI driver pxd.portworx.com.",
   "quobyte": "A Quobyte volume; no longer supported.",
   "rbd": "A Ceph block device; no longer supported.",
   "scaleIO": "A ScaleIO volume; no longer supported.",
   "storageClassName": "The class of the volume; only claims of the same class bind to it, and empty means no class.",
   "storageos": "A StorageOS volume; no longer supported.",
   "volumeAttributesClassName": "The VolumeAttributesClass in force on the volume; only for CSI volumes.",
   "volumeMode": "Whether the volume is used with a file system (Filesystem) or as a raw device (Block).",
   "vsphereVolume": "A virtual disk of vSphere; handled by the CSI driver csi.vsphere.vmware.com.",
   "": "What a volume is: its size, its access modes, exactly one source, and the claim it is bound to."
  },
  "PersistentVolumeStatus": {
   "lastPhaseTransitionTime": "When the volume entered its present phase.",
   "message": "A sentence for people on why the volume is in its state.",
   "phase": "Where the volume is in its life: Pending, Available, Bound, Released or Failed.",
   "reason": "One word for programs on why the volume failed.",
   "": "The present state of a volume."
  },
  "Pod": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "What shall run, and how.",
   "status": "What runs now, written by the system.",
   "": "A group of containers that run together on one node and share volumes and network."
  },
  "PodSecurityContext": {
   "fsGroup": "The group that owns the pod's volumes, where they support it.",
   "fsGroupChangePolicy": "When the group of a volume's files is changed: Always, or OnRootMismatch to do so only if the root differs.",
   "runAsGroup": "The group of the containers' processes.",
   "runAsNonRoot": "Refuse to run as root.",
   "runAsUser": "The user of the containers' processes.",
   "seLinuxChangePolicy": "How volumes get their SELinux label: MountOption or Recursive.",
   "seLinuxOptions": "The SELinux label of the containers.",
   "supplementalGroups": "Further groups of the containers' processes.",
   "": "Users, groups and security settings of a pod."
  },
  "PodSpec": {
   "activeDeadlineSeconds": "How long the pod may be active on the node before it is failed.",
   "affinity": "Preferences and requirements for the node and for pods nearby.",
   "automountServiceAccountToken": "Whether a token of the service account is mounted.",
   "containers": "The containers; at least one.",
   "dnsConfig": "DNS settings beyond the policy.",
   "dnsPolicy": "Where DNS settings come from: ClusterFirst, ClusterFirstWithHostNet, Default or None.",
   "enableServiceLinks": "Whether services appear as environment variables.",
   "ephemeralContainers": "Containers added to the running pod for debugging.",
   "hostAliases": "Lines for the hosts file of the containers.",
   "hostIPC": "Use the host's IPC namespace.",
   "hostNetwork": "Use the host's network.",
   "hostPID": "Use the host's process ids.",
   "hostUsers": "Whether the host's user namespace is used; false makes one of the pod's own.",
   "hostname": "The host name inside the pod; the pod's name if absent.",
   "imagePullSecrets": "Secrets for pulling the images.",
   "initContainers": "Containers that run to their end, one after another, before the others start.",
   "nodeName": "The node that the pod runs on; set by the scheduler.",
   "nodeSelector": "Labels that the node must have.",
   "os": "The operating system that the containers need.",
   "overhead": "Resources that the runtime itself needs for the pod.",
   "preemptionPolicy": "Whether pods of lower priority may be removed to make room.",
   "priority": "How important the pod is; set from priorityClassName.",
   "priorityClassName": "The name of a PriorityClass.",
   "readinessGates": "Conditions that must be true before the pod counts as ready.",
   "restartPolicy": "When containers are restarted: Always, OnFailure or Never.",
   "runtimeClassName": "The name of the RuntimeClass to run the pod with.",
   "schedulerName": "The scheduler that places the pod.",
   "schedulingGates": "Gates that must all be removed before the pod is scheduled.",
   "securityContext": "Users, groups and security settings for all containers and volumes.",
   "serviceAccount": "The older name of serviceAccountName.",
   "serviceAccountName": "The service account that the pod runs as.",
   "shareProcessNamespace": "Whether the containers see each other's processes.",
   "subdomain": "The subdomain of the pod's host name; the name of a headless service.",
   "terminationGracePeriodSeconds": "How long the containers have to end after SIGTERM before they are killed.",
   "tolerations": "Taints of nodes that the pod tolerates.",
   "topologySpreadConstraints": "How the pods of a group spread over zones and nodes.",
   "volumes": "The volumes that the containers may mount.",
   "": "What a pod runs, where, and with which volumes."
  },
  "PodStatus": {
   "conditions": "Conditions such as PodScheduled, Initialized, ContainersReady and Ready.",
   "containerStatuses": "The state of each container.",
   "hostIP": "The address of the node.",
   "initContainerStatuses": "The state of each init container.",
   "message": "A sentence for people on why the pod is in its state.",
   "nominatedNodeName": "The node on which room is being made for the pod.",
   "phase": "Pending, Running, Succeeded, Failed or Unknown.",
   "podIP": "The address of the pod.",
   "qosClass": "Guaranteed, Burstable or BestEffort, from requests and limits.",
   "reason": "One word for programs on why the pod is in its state.",
   "startTime": "When the node acknowledged the pod.",
   "": "What a pod is doing now."
  },
  "PodTemplateSpec": {
   "metadata": "Labels and annotations of the pods.",
   "spec": "The spec of the pods.",
   "": "What pods are made from."
  },
  "ProjectedVolumeSource": {
   "defaultMode": "The mode of the files, unless an item has its own; 0644 if absent.",
   "sources": "The sources, each of exactly one kind.",
   "": "Files from several sources in one directory."
  },
  "Secret": {
   "data": "The entries, in base64.",
   "immutable": "Whether the entries can no longer change.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "stringData": "Entries as plain text, for writing only; they become data.",
   "type": "What the secret is for; programs that use it agree on the keys.",
   "": "Confidential data as keys and values."
  },
  "SecretProjection": {
   "items": "The entries to show and where; absent shows all of them under their keys.",
   "name": "The name of the secret.",
   "optional": "Start the pod even if the secret or an entry is missing.",
   "": "Entries of a Secret in a projected volume."
  },
  "SecretReference": {
   "name": "The name of the secret.",
   "namespace": "The namespace of the secret.",
   "": "A secret by name and namespace."
  },
  "SecretVolumeSource": {
   "defaultMode": "The mode of the files, unless an item has its own; 0644 if absent.",
   "items": "The entries to show and where; absent shows all of them under their keys.",
   "optional": "Start the pod even if the secret or an entry is missing.",
   "secretName": "The name of a secret in the pod's namespace.",
   "": "The entries of a Secret as files."
  },
  "Service": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "Which pods, and on which ports.",
   "status": "The present state of the service.",
   "": "A stable name and address for a set of pods."
  },
  "ServiceAccount": {
   "automountServiceAccountToken": "Whether pods of the account get a token mounted.",
   "imagePullSecrets": "Secrets for pulling images of the account's pods.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "secrets": "Secrets that pods of the account may use.",
   "": "An identity for programs in pods."
  },
  "ServiceAccountTokenProjection": {
   "audience": "Whom the token is meant for; absent means the API server.",
   "expirationSeconds": "How long a token is valid, at least 600 seconds; an hour if absent.",
   "path": "The relative path of the file.",
   "": "A token as a file."
  },
  "TypedLocalObjectReference": {
   "apiGroup": "The group of the object; empty for the core group.",
   "kind": "The kind of the object.",
   "name": "The name of the object.",
   "": "An object in the same namespace."
  },
  "TypedObjectReference": {
   "apiGroup": "The group of the object; empty for the core group.",
   "kind": "The kind of the object.",
   "name": "The name of the object.",
   "namespace": "The namespace of the object, if it is not that of the claim.",
   "": "An object, possibly in another namespace."
  },
  "Volume": {
   "awsElasticBlockStore": "A disk of Amazon's Elastic Block Store.",
   "azureDisk": "A managed or blob disk of Azure.",
   "azureFile": "A share of the Azure file service.",
   "cephfs": "A Ceph file system; no longer supported.",
   "cinder": "A disk of OpenStack's Cinder.",
   "configMap": "The entries of a ConfigMap as files.",
   "csi": "A volume that a CSI driver makes for this pod alone.",
   "downwardAPI": "Fields of the pod as files.",
   "emptyDir": "An empty directory that lives as long as the pod.",
   "ephemeral": "A volume with a claim of its own, made with the pod and deleted with it.",
   "fc": "A Fibre Channel disk.",
   "flexVolume": "A volume of an executable FlexVolume driver; CSI has replaced it.",
   "flocker": "A Flocker volume; no longer supported.",
   "gcePersistentDisk": "A persistent disk of Google Compute Engine.",
   "gitRepo": "A clone of a Git repository; disabled for safety.",
   "glusterfs": "A Glusterfs volume; no longer supported.",
   "hostPath": "A directory or file of the node.",
   "image": "The content of an OCI image or artifact, read-only.",
   "iscsi": "An iSCSI disk.",
   "name": "The name by which containers mount the volume; unique in the pod.",
   "nfs": "An export of an NFS server.",
   "persistentVolumeClaim": "The volume that a claim in the same namespace is bound to.",
   "photonPersistentDisk": "A disk of the Photon controller; no longer supported.",
   "portworxVolume": "A Portworx volume.",
   "projected": "Files from several sources in one directory.",
   "quobyte": "A Quobyte volume; no longer supported.",
   "rbd": "A Ceph block device; no longer supported.",
   "scaleIO": "A ScaleIO volume; no longer supported.",
   "secret": "The entries of a Secret as files.",
   "storageos": "A StorageOS volume; no longer supported.",
   "vsphereVolume": "A virtual disk of vSphere.",
   "": "A volume of a pod, which its containers mount by name."
  },
  "VolumeDevice": {
   "devicePath": "The path of the device inside the container.",
   "name": "The name of a volume of the pod that is a claim in Block mode.",
   "": "A raw block volume inside a container."
  },
  "VolumeMount": {
   "mountPath": "The path inside the container; it must not contain a colon.",
   "mountPropagation": "Whether mounts made later pass between host and container: None, HostToContainer or Bidirectional.",
   "name": "The name of a volume of the pod.",
   "readOnly": "Mount the volume read-only.",
   "recursiveReadOnly": "Whether mounts below this one are read-only too: Disabled, IfPossible or Enabled.",
   "subPath": "The path inside the volume that is mounted; absent mounts its root.",
   "subPathExpr": "A subPath in which $(NAME) stands for environment variables of the container.",
   "": "A volume inside a container's file system."
  },
  "VolumeMountStatus": {
   "mountPath": "The path inside the container.",
   "name": "The name of the volume.",
   "readOnly": "Whether the mount is read-only.",
   "recursiveReadOnly": "Whether mounts below it are read-only too.",
   "": "How a volume came to be mounted."
  },
  "VolumeNodeAffinity": {
   "required": "What a node must satisfy; any of the terms will do.",
   "": "The nodes from which a volume can be reached."
  },
  "VolumeProjection": {
   "clusterTrustBundle": "Trust anchors from ClusterTrustBundle objects.",
   "configMap": "Entries of a ConfigMap.",
   "downwardAPI": "Fields of the pod.",
   "podCertificate": "A private key and certificate that are made for the pod.",
   "secret": "Entries of a Secret.",
   "serviceAccountToken": "A token of the pod's service account, renewed before it expires.",
   "": "One source of a projected volume."
  },
  "VolumeResourceRequirements": {
   "limits": "The most storage that is wanted.",
   "requests": "The least storage that is needed, under the key storage.",
   "": "How much storage is wanted."
  }
 },
 "discovery.v1": {},
 "events.v1": {},
 "meta.v1": {
  "Condition": {
   "lastTransitionTime": "When the condition last changed its status.",
   "message": "A sentence for people on the last change.",
   "observedGeneration": "The generation that the condition was set for.",
   "reason": "One word for programs on the last change.",
   "status": "True, False or Unknown.",
   "type": "The name of the condition.",
   "": "One aspect of an object's state."
  },
  "DeleteOptions": {
   "dryRun": "All to check the request without carrying it out.",
   "gracePeriodSeconds": "How long the object has to end in good order; 0 deletes at once.",
   "preconditions": "What must hold for the deletion to be carried out.",
   "propagationPolicy": "What becomes of dependents: Orphan, Background or Foreground.",
   "": "How an object is deleted."
  },
  "LabelSelector": {
   "matchExpressions": "Requirements on labels.",
   "matchLabels": "Labels with the values they must have.",
   "": "Objects by their labels; all requirements must hold, and none at all select everything."
  },
  "LabelSelectorRequirement": {
   "key": "The label.",
   "operator": "In, NotIn, Exists or DoesNotExist.",
   "values": "The values: some for In and NotIn, none otherwise.",
   "": "A requirement on one label."
  },
  "ListMeta": {
   "continue": "What to ask with for the next page; absent on the last.",
   "remainingItemCount": "How many items are left, if known.",
   "resourceVersion": "The version of the list, to watch from.",
   "selfLink": "No longer used.",
   "": "What a list says of itself."
  },
  "ManagedFieldsEntry": {
   "apiVersion": "The version that the fields are written in.",
   "fieldsType": "How the fields are written: FieldsV1.",
   "fieldsV1": "The fields.",
   "manager": "Who set them.",
   "operation": "How they were set: Apply or Update.",
   "subresource": "The subresource that they were set through.",
   "time": "When they were last changed.",
   "": "The fields that one manager set."
  },
  "ObjectMeta": {
   "annotations": "Texts under keys, for programs; they cannot be selected by.",
   "creationTimestamp": "When the object was created; set by the server.",
   "deletionGracePeriodSeconds": "How long the object has to end in good order once it is deleted.",
   "deletionTimestamp": "When deletion was asked for, or a pod's time is up; the object is gone when its finalizers are.",
   "finalizers": "Who must still act before the object may be removed.",
   "generateName": "The beginning of a name that the server completes with random characters.",
   "generation": "Counts the changes to what is wanted.",
   "labels": "Short texts under keys, which objects are selected by.",
   "managedFields": "Which manager set which fields, for server-side apply.",
   "name": "The name of the object, unique for its kind in its namespace; it cannot be changed.",
   "namespace": "The namespace that the object lives in; absent for cluster-wide kinds.",
   "ownerReferences": "The objects that this one belongs to; when all are gone, it is removed.",
   "resourceVersion": "The version of the object, for detecting changes by others; opaque.",
   "selfLink": "No longer used.",
   "uid": "The identity of the object in time and space; set by the server.",
   "": "The data that every object has."
  },
  "OwnerReference": {
   "apiVersion": "The group and version of the owner.",
   "blockOwnerDeletion": "Whether a foreground deletion of the owner waits for this object.",
   "controller": "Whether the owner manages this object; at most one does.",
   "kind": "The kind of the owner.",
   "name": "The name of the owner.",
   "uid": "The uid of the owner.",
   "": "An object that owns this one."
  },
  "Preconditions": {
   "resourceVersion": "The version that the object must have.",
   "uid": "The uid that the object must have.",
   "": "What must hold for a deletion to be carried out."
  },
  "Status": {
   "code": "The HTTP status.",
   "details": "More on the reason.",
   "message": "A sentence for people.",
   "reason": "One word for programs.",
   "status": "Success or Failure.",
   "": "The outcome of a request that returns no object."
  }
 },
 "policy.v1": {},
 "rbac.v1": {},
 "scheduling.v1": {},
 "snapshot.v1": {
  "VolumeSnapshot": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "What the snapshot is taken from.",
   "status": "What became of it; believe it only when the content points back.",
   "": "A user's wish for a snapshot of a claim, or for one that exists already."
  },
  "VolumeSnapshotClass": {
   "deletionPolicy": "Whether the snapshot goes with its VolumeSnapshot: Delete or Retain.",
   "driver": "The CSI driver that takes the snapshots.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "parameters": "Parameters for the driver.",
   "": "A way to take snapshots that an administrator offers."
  },
  "VolumeSnapshotContent": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "Where the snapshot comes from and whose it is.",
   "status": "What the driver said about it.",
   "": "A snapshot as the storage system has it."
  },
  "VolumeSnapshotContentSource": {
   "snapshotHandle": "The driver's id of a snapshot that exists; it cannot be changed.",
   "volumeHandle": "The driver's id of the volume to take the snapshot of; it cannot be changed.",
   "": "A volume to take the snapshot of, or a snapshot that exists: exactly one of them."
  },
  "VolumeSnapshotContentSpec": {
   "deletionPolicy": "Whether the snapshot goes with its VolumeSnapshot: Delete or Retain.",
   "driver": "The CSI driver that has the snapshot.",
   "source": "What the snapshot is taken from; it cannot be changed.",
   "sourceVolumeMode": "The mode of the volume: Filesystem or Block; absent when unknown.",
   "volumeSnapshotClassName": "The class that the snapshot was taken with.",
   "volumeSnapshotRef": "The VolumeSnapshot that it belongs to; name and namespace must be set.",
   "": "Where a snapshot comes from and whose it is."
  },
  "VolumeSnapshotContentStatus": {
   "creationTime": "When the snapshot was taken, in nanoseconds of Unix time.",
   "error": "The last failure; absent after a success.",
   "readyToUse": "Whether volumes can be restored from it; absent when unknown.",
   "restoreSize": "The least size in bytes of a volume that is restored from it.",
   "snapshotHandle": "The driver's id of the snapshot; absent while there is none.",
   "volumeGroupSnapshotHandle": "The driver's id of the group snapshot that it is part of.",
   "": "What the driver said about a snapshot."
  },
  "VolumeSnapshotError": {
   "message": "What went wrong; it must hold no secrets.",
   "time": "When it happened.",
   "": "A failure to take a snapshot."
  },
  "VolumeSnapshotSource": {
   "persistentVolumeClaimName": "The claim in the same namespace to take a snapshot of; it cannot be changed.",
   "volumeSnapshotContentName": "The VolumeSnapshotContent of a snapshot that exists; it cannot be changed.",
   "": "A claim, or a content that exists: exactly one of them."
  },
  "VolumeSnapshotSpec": {
   "source": "What the snapshot is taken from; it cannot be changed.",
   "volumeSnapshotClassName": "The class; absent for the default class of the claim's driver.",
   "": "What a snapshot is taken from."
  },
  "VolumeSnapshotStatus": {
   "boundVolumeSnapshotContentName": "The VolumeSnapshotContent; believe it only when that points back.",
   "creationTime": "When the snapshot was taken.",
   "error": "The last failure; absent after a success.",
   "readyToUse": "Whether volumes can be restored from it; absent when unknown.",
   "restoreSize": "A quantity as it was written: the least size of a volume that is restored from it.",
   "volumeGroupSnapshotName": "The VolumeGroupSnapshot that it is part of.",
   "": "What became of a snapshot."
  }
 },
 "storage.v1": {
  "CSIDriver": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "What the driver needs and supports.",
   "": "What the cluster must know of a CSI driver; its name is the driver's."
  },
  "CSIDriverSpec": {
   "attachRequired": "Whether volumes must be attached to a node before they are mounted; it cannot be changed.",
   "fsGroupPolicy": "Whether the group of a volume's files may be changed: ReadWriteOnceWithFSType, File or None.",
   "nodeAllocatableUpdatePeriodSeconds": "How often the number of attachable volumes of a node is asked for anew, at least 10 seconds.",
   "podInfoOnMount": "Whether the driver is told which pod a volume is mounted for.",
   "preventPodSchedulingIfMissing": "Whether pods stay away from nodes on which the driver is missing.",
   "requiresRepublish": "Whether mounting is repeated from time to time, so that the driver can renew content.",
   "seLinuxMount": "Whether volumes can be mounted with an SELinux label.",
   "serviceAccountTokenInSecrets": "Whether tokens are handed over as secrets rather than as context.",
   "storageCapacity": "Whether the scheduler considers the capacity that the driver reports.",
   "tokenRequests": "Service account tokens that the driver needs on mounting.",
   "volumeLifecycleModes": "Whether volumes are Persistent, Ephemeral (made for one pod), or both; it cannot be changed.",
   "": "What a CSI driver needs and supports."
  },
  "CSINode": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "The drivers.",
   "": "The CSI drivers of a node; its name is the node's."
  },
  "CSINodeDriver": {
   "allocatable": "How many volumes of the driver the node can hold.",
   "name": "The name of the driver.",
   "nodeID": "The name by which the driver knows the node.",
   "topologyKeys": "Labels of the node that the driver uses for topology.",
   "": "One CSI driver on a node."
  },
  "CSINodeSpec": {
   "drivers": "The drivers that are registered with the kubelet.",
   "": "The CSI drivers of a node."
  },
  "CSIStorageCapacity": {
   "capacity": "The bytes that are available there; absent when unknown.",
   "maximumVolumeSize": "The largest volume that can be provisioned there.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "nodeTopology": "The nodes that can reach the storage; absent means none.",
   "storageClassName": "The class that the figure is for.",
   "": "How much can be provisioned for a class in one part of the topology."
  },
  "StorageClass": {
   "allowVolumeExpansion": "Whether claims of the class may grow.",
   "allowedTopologies": "Where volumes may be provisioned; absent allows everywhere.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "mountOptions": "Mount options of the volumes that are provisioned.",
   "parameters": "Parameters for the provisioner.",
   "provisioner": "Who provisions the volumes; kubernetes.io/no-provisioner for nobody.",
   "reclaimPolicy": "The reclaim policy of the volumes that are provisioned: Delete or Retain.",
   "volumeBindingMode": "When claims are bound: Immediate, or WaitForFirstConsumer to wait for a pod to be scheduled.",
   "": "A kind of storage that an administrator offers, and how volumes of it are provisioned."
  },
  "TokenRequest": {
   "audience": "Whom the token is meant for; empty means the API server.",
   "expirationSeconds": "How long the token is valid, at least 600 seconds.",
   "": "A service account token that a driver needs."
  },
  "TopologySelectorLabelRequirement": {
   "key": "The label.",
   "values": "The values of which one must be there.",
   "": "A requirement on one label."
  },
  "TopologySelectorTerm": {
   "matchLabelExpressions": "Requirements on labels of nodes.",
   "": "A part of the topology; all its expressions must hold."
  },
  "VolumeAttachment": {
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "spec": "Which volume, to which node, by which driver; it cannot be changed.",
   "status": "What the attacher did.",
   "": "The wish to have a volume attached to a node, and what became of it."
  },
  "VolumeAttachmentSource": {
   "inlineVolumeSpec": "The spec of a volume that has no object of its own, as migrated in-tree volumes have none.",
   "persistentVolumeName": "The name of the PersistentVolume.",
   "": "The volume to attach: a PersistentVolume or an inline spec."
  },
  "VolumeAttachmentSpec": {
   "attacher": "The CSI driver that attaches the volume.",
   "nodeName": "The node.",
   "source": "The volume.",
   "": "Which volume shall be attached to which node."
  },
  "VolumeAttachmentStatus": {
   "attachError": "The last failure to attach.",
   "attached": "Whether the volume is attached.",
   "attachmentMetadata": "What the driver returned on attaching; it is handed to the node.",
   "detachError": "The last failure to detach.",
   "": "What the attacher did."
  },
  "VolumeAttributesClass": {
   "driverName": "The CSI driver that the parameters are for.",
   "metadata": "Name, labels, annotations and the other data that every object has.",
   "parameters": "The parameters; they cannot be changed, only another class chosen.",
   "": "Parameters of volumes that may be changed while they are in use."
  },
  "VolumeError": {
   "errorCode": "The gRPC code of the failure.",
   "message": "What went wrong; it must hold no secrets.",
   "time": "When it happened.",
   "": "A failure of an operation on a volume."
  },
  "VolumeNodeResources": {
   "count": "The number of volumes; absent means no limit.",
   "": "How many volumes a node can hold."
  }
 }
};
