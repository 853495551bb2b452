package main

import (
	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

const mergePatch = types.MergePatchType

var everything = fields.Everything()

func named(name string) fields.Selector {
	return fields.OneTermEqualSelector("metadata.name", name)
}

// makeNamespace makes one with the service account that pods need, which otherwise a controller makes.
func (w *world) makeNamespace(name string) {
	namespace := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name}}
	_, err := w.client.CoreV1().Namespaces().Create(w.ctx, namespace, meta.CreateOptions{})
	if !errors.IsAlreadyExists(err) {
		succeed(err)
	}
	account := &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{Name: "default"}}
	_, err = w.client.CoreV1().ServiceAccounts(name).Create(w.ctx, account, meta.CreateOptions{})
	if !errors.IsAlreadyExists(err) {
		succeed(err)
	}
}

func pod(name string, labels map[string]string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: labels},
		Spec: core.PodSpec{
			AutomountServiceAccountToken:  ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To(int64(0)),
			Containers:                    []core.Container{{Name: "a", Image: "busybox"}},
		},
	}
}

func secret(name string) *core.Secret {
	return &core.Secret{ObjectMeta: meta.ObjectMeta{Name: name}, StringData: map[string]string{"k": "v"}}
}

func configMap(name string, data map[string]string) *core.ConfigMap {
	return &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: name}, Data: data}
}

func claim(name, size string) *core.PersistentVolumeClaim {
	requests := core.ResourceList{core.ResourceStorage: resource.MustParse(size)}
	return &core.PersistentVolumeClaim{
		ObjectMeta: meta.ObjectMeta{Name: name},
		Spec: core.PersistentVolumeClaimSpec{
			StorageClassName: ptr.To(""),
			AccessModes:      []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
			Resources:        core.VolumeResourceRequirements{Requests: requests},
		},
	}
}

func volume(name, size string) *core.PersistentVolume {
	source := &core.CSIPersistentVolumeSource{Driver: "d.example.com", VolumeHandle: name, FSType: "ext4"}
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      core.ResourceList{core.ResourceStorage: resource.MustParse(size)},
			AccessModes:                   []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
			PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimRetain,
			PersistentVolumeSource:        core.PersistentVolumeSource{CSI: source},
		},
	}
}

func attachment(name, volume string) *storage.VolumeAttachment {
	return &storage.VolumeAttachment{
		ObjectMeta: meta.ObjectMeta{Name: name},
		Spec: storage.VolumeAttachmentSpec{
			Attacher: "d.example.com",
			NodeName: "n",
			Source:   storage.VolumeAttachmentSource{PersistentVolumeName: ptr.To(volume)},
		},
	}
}

func csiNode(name string) *storage.CSINode {
	limits := &storage.VolumeNodeResources{Count: ptr.To(int32(7))}
	driver := storage.CSINodeDriver{Name: "d.example.com", NodeID: name, TopologyKeys: []string{"zone"}, Allocatable: limits}
	return &storage.CSINode{
		ObjectMeta: meta.ObjectMeta{Name: name},
		Spec:       storage.CSINodeSpec{Drivers: []storage.CSINodeDriver{driver}},
	}
}

func event(name, namespace string) *core.Event {
	return &core.Event{
		ObjectMeta:     meta.ObjectMeta{Name: name, Namespace: namespace},
		InvolvedObject: core.ObjectReference{Kind: "Pod", Namespace: namespace, Name: name, APIVersion: "v1"},
		Reason:         "Tried",
		Message:        "it was tried",
		Type:           core.EventTypeNormal,
		Count:          1,
	}
}
