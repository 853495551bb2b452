package main

import (
	"slices"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	events "k8s.io/api/events/v1"
	flowcontrol "k8s.io/api/flowcontrol/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// kind is one that is served.
type kind struct {
	schema.GroupVersion
	name, plural, singular string
	namespaced, hasStatus  bool
	short                  []string
	// fields are what can be selected by, beside name and namespace.
	fields []string
}

const (
	cluster    = false
	namespaced = true
	status     = true
	plain      = false
)

func of(version schema.GroupVersion, name, plural string, namespaced, hasStatus bool, short ...string) kind {
	return kind{GroupVersion: version, name: name, plural: plural, namespaced: namespaced, hasStatus: hasStatus, short: short}
}

var kinds = []kind{
	of(core.SchemeGroupVersion, "Namespace", "namespaces", cluster, status, "ns"),
	of(core.SchemeGroupVersion, "Node", "nodes", cluster, status, "no").by("spec.unschedulable"),
	of(core.SchemeGroupVersion, "PersistentVolume", "persistentvolumes", cluster, status, "pv"),
	of(core.SchemeGroupVersion, "PersistentVolumeClaim", "persistentvolumeclaims", namespaced, status, "pvc"),
	of(core.SchemeGroupVersion, "Pod", "pods", namespaced, status, "po").
		by("spec.nodeName", "spec.schedulerName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"),
	of(core.SchemeGroupVersion, "PodTemplate", "podtemplates", namespaced, plain),
	of(core.SchemeGroupVersion, "ReplicationController", "replicationcontrollers", namespaced, status, "rc"),
	of(core.SchemeGroupVersion, "Service", "services", namespaced, status, "svc"),
	of(core.SchemeGroupVersion, "Endpoints", "endpoints", namespaced, plain, "ep"),
	of(core.SchemeGroupVersion, "ConfigMap", "configmaps", namespaced, plain, "cm"),
	of(core.SchemeGroupVersion, "Secret", "secrets", namespaced, plain).by("type"),
	of(core.SchemeGroupVersion, "ServiceAccount", "serviceaccounts", namespaced, plain, "sa"),
	of(core.SchemeGroupVersion, "ResourceQuota", "resourcequotas", namespaced, status, "quota"),
	of(core.SchemeGroupVersion, "LimitRange", "limitranges", namespaced, plain, "limits"),
	of(core.SchemeGroupVersion, "Event", "events", namespaced, plain, "ev").
		by("reason", "type", "involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid"),
	of(events.SchemeGroupVersion, "Event", "events", namespaced, plain).by("reason", "type", "regarding.kind", "regarding.name"),
	of(apps.SchemeGroupVersion, "StatefulSet", "statefulsets", namespaced, status, "sts"),
	of(apps.SchemeGroupVersion, "Deployment", "deployments", namespaced, status, "deploy"),
	of(apps.SchemeGroupVersion, "ReplicaSet", "replicasets", namespaced, status, "rs"),
	of(apps.SchemeGroupVersion, "DaemonSet", "daemonsets", namespaced, status, "ds"),
	of(apps.SchemeGroupVersion, "ControllerRevision", "controllerrevisions", namespaced, plain),
	of(batch.SchemeGroupVersion, "Job", "jobs", namespaced, status),
	of(batch.SchemeGroupVersion, "CronJob", "cronjobs", namespaced, status, "cj"),
	of(storage.SchemeGroupVersion, "StorageClass", "storageclasses", cluster, plain, "sc"),
	of(storage.SchemeGroupVersion, "CSIDriver", "csidrivers", cluster, plain),
	of(storage.SchemeGroupVersion, "CSINode", "csinodes", cluster, plain),
	of(storage.SchemeGroupVersion, "CSIStorageCapacity", "csistoragecapacities", namespaced, plain),
	of(storage.SchemeGroupVersion, "VolumeAttachment", "volumeattachments", cluster, status),
	of(storage.SchemeGroupVersion, "VolumeAttributesClass", "volumeattributesclasses", cluster, plain, "vac"),
	of(coordination.SchemeGroupVersion, "Lease", "leases", namespaced, plain),
	of(discovery.SchemeGroupVersion, "EndpointSlice", "endpointslices", namespaced, plain),
	of(policy.SchemeGroupVersion, "PodDisruptionBudget", "poddisruptionbudgets", namespaced, status, "pdb"),
	of(scheduling.SchemeGroupVersion, "PriorityClass", "priorityclasses", cluster, plain, "pc"),
	of(rbac.SchemeGroupVersion, "Role", "roles", namespaced, plain),
	of(rbac.SchemeGroupVersion, "RoleBinding", "rolebindings", namespaced, plain),
	of(rbac.SchemeGroupVersion, "ClusterRole", "clusterroles", cluster, plain),
	of(rbac.SchemeGroupVersion, "ClusterRoleBinding", "clusterrolebindings", cluster, plain),
	of(flowcontrol.SchemeGroupVersion, "FlowSchema", "flowschemas", cluster, status),
	of(flowcontrol.SchemeGroupVersion, "PriorityLevelConfiguration", "prioritylevelconfigurations", cluster, status),
}

func (k kind) by(fields ...string) kind {
	k.fields = fields
	return k
}

func (k kind) new() runtime.Object {
	return must(scheme.New(k.WithKind(k.name)))
}

func (k kind) newList() runtime.Object {
	return must(scheme.New(k.WithKind(k.name + "List")))
}

var (
	scheme         = runtime.NewScheme()
	codecs         = serializer.NewCodecFactory(scheme)
	parameterCodec = runtime.NewParameterCodec(scheme)
	versions       []schema.GroupVersion
)

// The types of the wire stand for the internal ones as well: nothing is converted.
func init() {
	add := runtime.NewSchemeBuilder(core.AddToScheme, events.AddToScheme, apps.AddToScheme, batch.AddToScheme, storage.AddToScheme,
		coordination.AddToScheme, discovery.AddToScheme, policy.AddToScheme, scheduling.AddToScheme, rbac.AddToScheme, flowcontrol.AddToScheme)
	utilruntime.Must(add.AddToScheme(scheme))
	meta.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	for _, kind := range kinds {
		internal := schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal}
		scheme.AddKnownTypes(internal, kind.new(), kind.newList())
		utilruntime.Must(scheme.AddFieldLabelConversionFunc(kind.WithKind(kind.name), kind.label))
		if !slices.Contains(versions, kind.GroupVersion) {
			versions = append(versions, kind.GroupVersion)
			utilruntime.Must(scheme.SetVersionPriority(kind.GroupVersion))
		}
	}
	scheme.AddKnownTypes(schema.GroupVersion{Version: runtime.APIVersionInternal}, &core.Binding{})
	addDefaults()
}
