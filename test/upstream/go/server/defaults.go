package main

import (
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/utils/ptr"
)

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func point[T any](field **T, value T) {
	if *field == nil {
		*field = ptr.To(value)
	}
}

// addDefaults are those of kube-apiserver that storage, scheduling and pods count on.
func addDefaults() {
	scheme.AddTypeDefaultingFunc(&core.Pod{}, func(object any) { defaultPod(&object.(*core.Pod).Spec) })
	scheme.AddTypeDefaultingFunc(&core.PersistentVolumeClaim{}, func(object any) {
		point(&object.(*core.PersistentVolumeClaim).Spec.VolumeMode, core.PersistentVolumeFilesystem)
	})
	scheme.AddTypeDefaultingFunc(&core.PersistentVolume{}, func(object any) {
		spec := &object.(*core.PersistentVolume).Spec
		point(&spec.VolumeMode, core.PersistentVolumeFilesystem)
		fill(&spec.PersistentVolumeReclaimPolicy, core.PersistentVolumeReclaimRetain)
	})
	scheme.AddTypeDefaultingFunc(&storage.StorageClass{}, func(object any) {
		class := object.(*storage.StorageClass)
		point(&class.ReclaimPolicy, core.PersistentVolumeReclaimDelete)
		point(&class.VolumeBindingMode, storage.VolumeBindingImmediate)
	})
	scheme.AddTypeDefaultingFunc(&storage.CSIDriver{}, func(object any) { defaultDriver(&object.(*storage.CSIDriver).Spec) })
	scheme.AddTypeDefaultingFunc(&apps.StatefulSet{}, func(object any) { defaultSet(&object.(*apps.StatefulSet).Spec) })
	scheme.AddTypeDefaultingFunc(&core.Secret{}, func(object any) { fill(&object.(*core.Secret).Type, core.SecretTypeOpaque) })
}

func defaultPod(spec *core.PodSpec) {
	fill(&spec.RestartPolicy, core.RestartPolicyAlways)
	fill(&spec.DNSPolicy, core.DNSClusterFirst)
	fill(&spec.SchedulerName, core.DefaultSchedulerName)
	point(&spec.TerminationGracePeriodSeconds, 30)
	point(&spec.SecurityContext, core.PodSecurityContext{})
	point(&spec.EnableServiceLinks, true)
	for index := range spec.Containers {
		container := &spec.Containers[index]
		fill(&container.TerminationMessagePath, core.TerminationMessagePathDefault)
		fill(&container.TerminationMessagePolicy, core.TerminationMessageReadFile)
		fill(&container.ImagePullPolicy, core.PullIfNotPresent)
	}
}

func defaultDriver(spec *storage.CSIDriverSpec) {
	point(&spec.AttachRequired, true)
	point(&spec.PodInfoOnMount, false)
	point(&spec.StorageCapacity, false)
	point(&spec.FSGroupPolicy, storage.ReadWriteOnceWithFSTypeFSGroupPolicy)
	point(&spec.RequiresRepublish, false)
	point(&spec.SELinuxMount, false)
	if len(spec.VolumeLifecycleModes) == 0 {
		spec.VolumeLifecycleModes = []storage.VolumeLifecycleMode{storage.VolumeLifecyclePersistent}
	}
}

func defaultSet(spec *apps.StatefulSetSpec) {
	point(&spec.Replicas, 1)
	point(&spec.RevisionHistoryLimit, 10)
	fill(&spec.PodManagementPolicy, apps.OrderedReadyPodManagement)
	fill(&spec.UpdateStrategy.Type, apps.RollingUpdateStatefulSetStrategyType)
	point(&spec.UpdateStrategy.RollingUpdate, apps.RollingUpdateStatefulSetStrategy{Partition: ptr.To(int32(0))})
	point(&spec.PersistentVolumeClaimRetentionPolicy, apps.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenDeleted: apps.RetainPersistentVolumeClaimRetentionPolicyType,
		WhenScaled:  apps.RetainPersistentVolumeClaimRetentionPolicyType,
	})
	defaultPod(&spec.Template.Spec)
	for index := range spec.VolumeClaimTemplates {
		point(&spec.VolumeClaimTemplates[index].Spec.VolumeMode, core.PersistentVolumeFilesystem)
	}
}
