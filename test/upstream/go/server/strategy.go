package main

import (
	"context"
	"reflect"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// strategy is what all kinds have in common: who writes the spec does not write the status, and the other way round.
type strategy struct {
	runtime.ObjectTyper
	kind     kind
	isStatus bool
}

func (s strategy) GenerateName(base string) string {
	return names.SimpleNameGenerator.GenerateName(base)
}
func (s strategy) NamespaceScoped() bool                                    { return s.kind.namespaced }
func (s strategy) Validate(context.Context, runtime.Object) field.ErrorList { return nil }
func (s strategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}
func (s strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }
func (s strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}
func (s strategy) Canonicalize(runtime.Object)    {}
func (s strategy) AllowCreateOnUpdate() bool      { return s.kind.name == "Lease" }
func (s strategy) AllowUnconditionalUpdate() bool { return true }

func part(object runtime.Object, name string) reflect.Value {
	return reflect.ValueOf(object).Elem().FieldByName(name)
}

func keep(object, old runtime.Object, name string) {
	if kept := part(old, name); kept.IsValid() {
		part(object, name).Set(kept)
	}
}

func (s strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	if status := part(object, "Status"); s.kind.hasStatus && status.IsValid() {
		status.SetZero()
	}
	if part(object, "Spec").IsValid() {
		must(meta.Accessor(object)).SetGeneration(1)
	}
	switch typed := object.(type) {
	case *core.Namespace:
		typed.Status.Phase = core.NamespaceActive
		typed.Spec.Finalizers = []core.FinalizerName{core.FinalizerKubernetes}
	case *core.Pod:
		typed.Status.Phase, typed.Status.QOSClass = core.PodPending, core.PodQOSBestEffort
	case *core.PersistentVolume:
		typed.Status.Phase = core.VolumePending
	case *core.PersistentVolumeClaim:
		typed.Status.Phase = core.ClaimPending
	}
}

func (s strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	of, before := must(meta.Accessor(object)), must(meta.Accessor(old))
	if s.isStatus {
		managed := of.GetManagedFields()
		keep(object, old, "Spec")
		version := of.GetResourceVersion()
		keep(object, old, "ObjectMeta")
		of.SetManagedFields(managed)
		of.SetResourceVersion(version)
		return
	}
	if s.kind.hasStatus {
		keep(object, old, "Status")
	}
	of.SetGeneration(before.GetGeneration())
	if spec := part(object, "Spec"); spec.IsValid() {
		if !equality.Semantic.DeepEqual(spec.Interface(), part(old, "Spec").Interface()) {
			of.SetGeneration(before.GetGeneration() + 1)
		}
	}
}

func (s strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	reset := fieldpath.NewSet()
	if s.isStatus {
		reset = fieldpath.NewSet(fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"))
	} else if s.kind.hasStatus {
		reset = fieldpath.NewSet(fieldpath.MakePathOrDie("status"))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(s.kind.GroupVersion.String()): reset}
}

// CheckGracefulDelete leaves pods on nodes the time that they ask for.
func (s strategy) CheckGracefulDelete(_ context.Context, object runtime.Object, options *metav1.DeleteOptions) bool {
	pod, isPod := object.(*core.Pod)
	if !isPod {
		return false
	}
	period := ptr.Deref(pod.Spec.TerminationGracePeriodSeconds, 30)
	if options.GracePeriodSeconds != nil {
		period = *options.GracePeriodSeconds
	}
	if pod.Spec.NodeName == "" || pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed {
		period = 0
	}
	options.GracePeriodSeconds = &period
	return true
}

var _ rest.RESTGracefulDeleteStrategy = strategy{}
