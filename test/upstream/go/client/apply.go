package main

import (
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

func desired(name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": data,
	}}
}

func dataOf(object *unstructured.Unstructured) map[string]string {
	data, _, err := unstructured.NestedStringMap(object.Object, "data")
	succeed(err)
	return data
}

// applyDynamic applies with two managers: they share, conflict, take over, and let go.
func applyDynamic(w *world) {
	maps := w.dynamic.Resource(configMaps).Namespace(w.namespace)
	one, two := meta.ApplyOptions{FieldManager: "one"}, meta.ApplyOptions{FieldManager: "two"}
	made := must(maps.Apply(w.ctx, "a", desired("a", map[string]any{"x": "1", "y": "1"}), one))
	same("data", dataOf(made), map[string]string{"x": "1", "y": "1"})
	managers := made.GetManagedFields()
	ensure(len(managers) == 1 && managers[0].Manager == "one" && managers[0].Operation == meta.ManagedFieldsOperationApply,
		"managed fields: %s", text(managers))
	same("fields", string(managers[0].FieldsV1.GetRawBytes()), `{"f:data":{"f:x":{},"f:y":{}}}`)
	again := must(maps.Apply(w.ctx, "a", desired("a", map[string]any{"x": "1", "y": "1"}), one))
	same("the version after the same once more", again.GetResourceVersion(), made.GetResourceVersion())
	_, err := maps.Apply(w.ctx, "a", desired("a", map[string]any{"x": "2"}), two)
	refused("another value of the same field", err, errors.IsConflict)
	causes := err.(errors.APIStatus).Status().Details.Causes
	ensure(len(causes) == 1 && causes[0].Type == meta.CauseTypeFieldManagerConflict && causes[0].Field == ".data.x", "causes: %s", text(causes))
	two.Force = true
	forced := must(maps.Apply(w.ctx, "a", desired("a", map[string]any{"x": "2", "z": "2"}), two))
	same("data", dataOf(forced), map[string]string{"x": "2", "y": "1", "z": "2"})
	left := must(maps.Apply(w.ctx, "a", desired("a", map[string]any{}), one))
	same("data after the first lets go", dataOf(left), map[string]string{"x": "2", "z": "2"})
	update := must(maps.Get(w.ctx, "a", meta.GetOptions{}))
	succeed(unstructured.SetNestedField(update.Object, "3", "data", "z"))
	must(maps.Update(w.ctx, update, meta.UpdateOptions{FieldManager: "editor"}))
	two.Force = false
	_, err = maps.Apply(w.ctx, "a", desired("a", map[string]any{"x": "2", "z": "2"}), two)
	refused("a field that was updated by another", err, errors.IsConflict)
	yaml := []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: v}\n")
	patched := must(maps.Patch(w.ctx, "b", types.ApplyPatchType, yaml, meta.PatchOptions{FieldManager: "one"}))
	same("data of an applied text", dataOf(patched), map[string]string{"k": "v"})
}

// applyTyped uses the typed configurations, lists with keys, the status, and what a manager owns read back.
func applyTyped(w *world) {
	claims := w.client.CoreV1().PersistentVolumeClaims(w.namespace)
	options := meta.ApplyOptions{FieldManager: "controller"}
	requests := core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")}
	wanted := applycore.PersistentVolumeClaim("a", w.namespace).WithLabels(map[string]string{"a": "b"}).
		WithSpec(applycore.PersistentVolumeClaimSpec().WithStorageClassName("").WithAccessModes(core.ReadWriteOnce).
			WithResources(applycore.VolumeResourceRequirements().WithRequests(requests)))
	made := must(claims.Apply(w.ctx, wanted, options))
	extracted := must(applycore.ExtractPersistentVolumeClaim(made, "controller"))
	same("what the manager owns", text(extracted), text(wanted))
	status := applycore.PersistentVolumeClaim("a", w.namespace).WithStatus(applycore.PersistentVolumeClaimStatus().
		WithConditions(applycore.PersistentVolumeClaimCondition().
			WithType(core.PersistentVolumeClaimResizing).WithStatus(core.ConditionTrue)))
	applied := must(claims.ApplyStatus(w.ctx, status, options))
	same("conditions", len(applied.Status.Conditions), 1)
	other := applycore.PersistentVolumeClaim("a", w.namespace).WithStatus(applycore.PersistentVolumeClaimStatus().
		WithConditions(applycore.PersistentVolumeClaimCondition().
			WithType(core.PersistentVolumeClaimFileSystemResizePending).WithStatus(core.ConditionTrue)))
	applied = must(claims.ApplyStatus(w.ctx, other, meta.ApplyOptions{FieldManager: "node"}))
	same("conditions of both", len(applied.Status.Conditions), 2)
	same("the claim's label", applied.Labels["a"], "b")
	extracted = must(applycore.ExtractPersistentVolumeClaimStatus(applied, "controller"))
	same("what the manager owns of the status", text(extracted), text(status))
}

type warnings struct{ texts []string }

func (seen *warnings) HandleWarningHeader(_ int, _ string, message string) {
	seen.texts = append(seen.texts, message)
}

// fieldValidation sends a field that does not exist, as kubectl would: refused, warned of, or let pass.
func fieldValidation(w *world) {
	seen := &warnings{}
	config := rest.CopyConfig(w.config)
	config.WarningHandler = seen
	client := kubernetes.NewForConfigOrDie(config).CoreV1().RESTClient()
	send := func(name, validation string) error {
		body := []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"},"datum":{}}`)
		return client.Post().Namespace(w.namespace).Resource("configmaps").Param("fieldValidation", validation).
			SetHeader("Content-Type", "application/json").Body(body).Do(w.ctx).Error()
	}
	refused("an unknown field", send("a", "Strict"), errors.IsBadRequest)
	succeed(send("b", "Ignore"))
	same("warnings", seen.texts, []string(nil))
	succeed(send("c", "Warn"))
	same("warnings", seen.texts, []string{`unknown field "datum"`})
}
