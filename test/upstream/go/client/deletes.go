package main

import (
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

func deleteCollection(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	for _, name := range []string{"a", "b", "c"} {
		made := configMap(name, nil)
		made.Labels = map[string]string{"keep": map[bool]string{true: "yes", false: "no"}[name == "c"]}
		must(maps.Create(w.ctx, made, meta.CreateOptions{}))
	}
	dry := meta.DeleteOptions{DryRun: []string{meta.DryRunAll}}
	succeed(maps.DeleteCollection(w.ctx, dry, meta.ListOptions{}))
	same("how many a dry run leaves", len(must(maps.List(w.ctx, meta.ListOptions{})).Items), 3)
	succeed(maps.DeleteCollection(w.ctx, meta.DeleteOptions{}, meta.ListOptions{LabelSelector: "keep=no"}))
	left := must(maps.List(w.ctx, meta.ListOptions{}))
	ensure(len(left.Items) == 1 && left.Items[0].Name == "c", "left are %d", len(left.Items))
	succeed(maps.DeleteCollection(w.ctx, meta.DeleteOptions{}, meta.ListOptions{FieldSelector: "metadata.name=c"}))
	same("how many are left", len(must(maps.List(w.ctx, meta.ListOptions{})).Items), 0)
}

// deleteOptions are preconditions, grace, finalizers and who waits for whom.
func deleteOptions(w *world) {
	claims := w.client.CoreV1().PersistentVolumeClaims(w.namespace)
	held := claim("held", "1Gi")
	held.Finalizers = []string{"example.com/held"}
	made := must(claims.Create(w.ctx, held, meta.CreateOptions{}))
	other := types.UID("other")
	err := claims.Delete(w.ctx, "held", meta.DeleteOptions{Preconditions: &meta.Preconditions{UID: &other}})
	refused("another's uid", err, errors.IsConflict)
	succeed(claims.Delete(w.ctx, "held", *meta.NewPreconditionDeleteOptions(string(made.UID))))
	leaving := must(claims.Get(w.ctx, "held", meta.GetOptions{}))
	ensure(leaving.DeletionTimestamp != nil, "it is not marked")
	leaving.Finalizers = append(leaving.Finalizers, "example.com/late")
	_, err = claims.Update(w.ctx, leaving, meta.UpdateOptions{})
	refused("a finalizer on what is leaving", err, func(err error) bool { return errors.IsInvalid(err) || errors.IsForbidden(err) })
	leaving.Finalizers = nil
	must(claims.Update(w.ctx, leaving, meta.UpdateOptions{}))
	_, err = claims.Get(w.ctx, "held", meta.GetOptions{})
	refused("what was let go", err, errors.IsNotFound)
	gracefulPod(w)
	orphaned := must(w.client.CoreV1().ConfigMaps(w.namespace).Create(w.ctx, configMap("a", nil), meta.CreateOptions{}))
	foreground := meta.DeletePropagationForeground
	succeed(w.client.CoreV1().ConfigMaps(w.namespace).Delete(w.ctx, orphaned.Name, meta.DeleteOptions{PropagationPolicy: &foreground}))
	waiting := must(w.client.CoreV1().ConfigMaps(w.namespace).Get(w.ctx, "a", meta.GetOptions{}))
	same("finalizers", waiting.Finalizers, []string{meta.FinalizerDeleteDependents})
}

func gracefulPod(w *world) {
	pods := w.client.CoreV1().Pods(w.namespace)
	patient := pod("patient", nil)
	patient.Spec.TerminationGracePeriodSeconds = ptr.To(int64(30))
	patient.Spec.NodeName = "n"
	must(pods.Create(w.ctx, patient, meta.CreateOptions{}))
	succeed(pods.Delete(w.ctx, "patient", meta.DeleteOptions{}))
	leaving := must(pods.Get(w.ctx, "patient", meta.GetOptions{}))
	same("grace", *leaving.DeletionGracePeriodSeconds, int64(30))
	succeed(pods.Delete(w.ctx, "patient", *meta.NewDeleteOptions(0)))
	_, err := pods.Get(w.ctx, "patient", meta.GetOptions{})
	refused("the pod that was deleted at once", err, errors.IsNotFound)
}

func scaleSet(w *world) {
	labels := map[string]string{"a": "b"}
	sets := w.client.AppsV1().StatefulSets(w.namespace)
	must(sets.Create(w.ctx, &apps.StatefulSet{
		ObjectMeta: meta.ObjectMeta{Name: "s"},
		Spec: apps.StatefulSetSpec{
			Replicas: ptr.To(int32(0)),
			Selector: &meta.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{ObjectMeta: meta.ObjectMeta{Labels: labels}, Spec: pod("", nil).Spec},
		},
	}, meta.CreateOptions{}))
	scale := must(sets.GetScale(w.ctx, "s", meta.GetOptions{}))
	same("its selector", scale.Status.Selector, "a=b")
	scale.Spec.Replicas = 2
	must(sets.UpdateScale(w.ctx, "s", scale, meta.UpdateOptions{}))
	same("replicas", *must(sets.Get(w.ctx, "s", meta.GetOptions{})).Spec.Replicas, int32(2))
}
