package main

import (
	"context"
	"slices"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
)

// bindings give pods their nodes.
type bindings struct {
	kept *registry.Store
}

func (b *bindings) New() runtime.Object     { return &core.Binding{} }
func (b *bindings) Destroy()                {}
func (b *bindings) NamespaceScoped() bool   { return true }
func (b *bindings) GetSingularName() string { return "binding" }

func (b *bindings) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc,
	options *meta.CreateOptions) (runtime.Object, error) {
	binding := object.(*core.Binding)
	bind := func(_ context.Context, _, kept runtime.Object) (runtime.Object, error) {
		pod := kept.DeepCopyObject().(*core.Pod)
		if pod.DeletionTimestamp != nil || pod.Spec.NodeName != "" {
			return nil, errors.NewConflict(core.Resource("pods/binding"), name, nil)
		}
		pod.Spec.NodeName = binding.Target.Name
		pod.Status.Conditions = append(
			slices.DeleteFunc(pod.Status.Conditions, func(c core.PodCondition) bool { return c.Type == core.PodScheduled }),
			core.PodCondition{Type: core.PodScheduled, Status: core.ConditionTrue, LastTransitionTime: meta.Now()},
		)
		return pod, nil
	}
	store := *b.kept
	store.UpdateStrategy = wholeStrategy{store.UpdateStrategy}
	info := rest.DefaultUpdatedObjectInfo(nil, bind)
	_, _, err := store.Update(ctx, name, info, nil, nil, false, &meta.UpdateOptions{DryRun: options.DryRun})
	return &meta.Status{Status: meta.StatusSuccess}, err
}

// wholeStrategy writes spec and status together.
type wholeStrategy struct{ rest.RESTUpdateStrategy }

func (wholeStrategy) PrepareForUpdate(context.Context, runtime.Object, runtime.Object) {}

// newFinalizeStore lets a namespace go whose contents are gone.
func newFinalizeStore(s *store) *statusStore {
	kept := *s.Store
	kept.UpdateStrategy = wholeStrategy{kept.UpdateStrategy}
	return &statusStore{kept: &kept}
}
