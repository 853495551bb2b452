package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// label refuses fields that the kind cannot be selected by.
func (k kind) label(label, value string) (string, string, error) {
	if label == "metadata.name" || label == "metadata.namespace" || slices.Contains(k.fields, label) {
		return label, value, nil
	}
	return "", "", fmt.Errorf("field label not supported: %s", label)
}

func (k kind) attributes(object runtime.Object) (labels.Set, fields.Set, error) {
	of, err := meta.Accessor(object)
	if err != nil {
		return nil, nil, err
	}
	set := fields.Set{"metadata.name": of.GetName(), "metadata.namespace": of.GetNamespace()}
	if len(k.fields) > 0 {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return nil, nil, err
		}
		for _, field := range k.fields {
			value, found, _ := unstructured.NestedFieldNoCopy(content, strings.Split(field, ".")...)
			set[field] = ""
			if found {
				set[field] = fmt.Sprint(value)
			}
		}
	}
	return of.GetLabels(), set, nil
}

func (k kind) predicate(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: k.attributes}
}

// store is a kind in etcd, behind the watch cache.
type store struct {
	*registry.Store
	kind kind
}

func (s *store) ShortNames() []string { return s.kind.short }

func newStore(k kind, getter generic.RESTOptionsGetter) *store {
	resource := k.WithResource(k.plural).GroupResource()
	own := strategy{ObjectTyper: scheme, kind: k}
	kept := &registry.Store{
		NewFunc:                   k.new,
		NewListFunc:               k.newList,
		PredicateFunc:             k.predicate,
		DefaultQualifiedResource:  resource,
		SingularQualifiedResource: k.WithResource(strings.ToLower(k.name)).GroupResource(),
		CreateStrategy:            own,
		UpdateStrategy:            own,
		DeleteStrategy:            own,
		ResetFieldsStrategy:       own,
		TableConvertor:            rest.NewDefaultTableConvertor(resource),
	}
	succeed(kept.CompleteWithOptions(&generic.StoreOptions{RESTOptions: getter, AttrFunc: k.attributes}))
	return &store{Store: kept, kind: k}
}

// statusStore writes the status alone.
type statusStore struct {
	kept *registry.Store
}

func newStatusStore(s *store) *statusStore {
	kept := *s.Store
	own := strategy{ObjectTyper: scheme, kind: s.kind, isStatus: true}
	kept.UpdateStrategy, kept.ResetFieldsStrategy = own, own
	return &statusStore{kept: &kept}
}

func (s *statusStore) New() runtime.Object { return s.kept.New() }
func (s *statusStore) Destroy()            {}
func (s *statusStore) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return s.kept.Get(ctx, name, options)
}
func (s *statusStore) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, create rest.ValidateObjectFunc,
	update rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return s.kept.Update(ctx, name, info, create, update, false, options)
}
func (s *statusStore) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return s.kept.GetResetFields()
}
func (s *statusStore) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return s.kept.ConvertToTable(ctx, object, options)
}

// install serves every kind, group by group.
func install(api *server.GenericAPIServer, getter generic.RESTOptionsGetter) {
	groups := map[string]*server.APIGroupInfo{}
	for _, kind := range kinds {
		info := groups[kind.Group]
		if info == nil {
			made := server.NewDefaultAPIGroupInfo(kind.Group, scheme, parameterCodec, codecs)
			info = &made
			info.VersionedResourcesStorageMap[kind.Version] = map[string]rest.Storage{}
			groups[kind.Group] = info
		}
		served := info.VersionedResourcesStorageMap[kind.Version]
		kept := newStore(kind, getter)
		served[kind.plural] = kept
		if kind.hasStatus {
			served[kind.plural+"/status"] = newStatusStore(kept)
		}
		if kind.name == "Pod" {
			served["pods/binding"] = &bindings{kept: kept.Store}
		}
		if kind.name == "Namespace" {
			served["namespaces/finalize"] = newFinalizeStore(kept)
		}
	}
	for group, info := range groups {
		if group == "" {
			succeed(api.InstallLegacyAPIGroup("/api", info))
		} else {
			succeed(api.InstallAPIGroup(info))
		}
	}
}
