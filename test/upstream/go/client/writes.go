package main

import (
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// protobuf writes in protobuf, as Kubernetes' own components do, and reads back what it meant.
func protobuf(w *world) {
	config := rest.CopyConfig(w.config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	binary := &world{ctx: w.ctx, namespace: w.namespace, client: kubernetes.NewForConfigOrDie(config), requests: w.requests}
	binary.makeOneOfEach("proto")
	claims, plain := binary.client.CoreV1().PersistentVolumeClaims(w.namespace), w.client.CoreV1().PersistentVolumeClaims(w.namespace)
	made := must(claims.Get(w.ctx, "proto", meta.GetOptions{}))
	same("the claim read as JSON", must(plain.Get(w.ctx, "proto", meta.GetOptions{})), made)
	made.Status.Phase = core.ClaimBound
	made.Status.Capacity = core.ResourceList{core.ResourceStorage: resource.MustParse("1536Mi")}
	made.Status.Conditions = []core.PersistentVolumeClaimCondition{{
		Type: core.PersistentVolumeClaimResizing, Status: core.ConditionTrue, LastTransitionTime: meta.Now().Rfc3339Copy(), Message: "ü",
	}}
	updated := must(claims.UpdateStatus(w.ctx, made, meta.UpdateOptions{}))
	updated.ManagedFields, made.ManagedFields, made.ResourceVersion = nil, nil, updated.ResourceVersion
	same("the claim's status", text(updated), text(made))
	attached := must(binary.client.StorageV1().VolumeAttachments().Get(w.ctx, "proto", meta.GetOptions{}))
	same("the spec of the attachment", text(attached.Spec), text(attachment("proto", "proto").Spec))
	attached.Status.Attached, attached.Status.AttachmentMetadata = true, map[string]string{"path": "/dev/x"}
	attached = must(binary.client.StorageV1().VolumeAttachments().UpdateStatus(w.ctx, attached, meta.UpdateOptions{}))
	ensure(attached.Status.Attached, "the attachment's status is not kept")
	node := must(binary.client.StorageV1().CSINodes().Get(w.ctx, "proto", meta.GetOptions{}))
	same("the spec of the CSINode", text(node.Spec), text(csiNode("proto").Spec))
	kept := must(binary.client.CoreV1().PersistentVolumes().Get(w.ctx, "proto", meta.GetOptions{}))
	same("the source of the volume", text(kept.Spec.CSI), text(volume("proto", "1Gi").Spec.CSI))
	policy := meta.DeletePropagationBackground
	options := meta.DeleteOptions{Preconditions: &meta.Preconditions{UID: &attached.UID}, PropagationPolicy: &policy}
	succeed(binary.client.StorageV1().VolumeAttachments().Delete(w.ctx, "proto", options))
	sent := w.requests.with("POST", "application/vnd.kubernetes.protobuf")
	ensure(len(sent) >= 6, "sent in another form: %v", w.requests.with("POST"))
	binary.removeOneOfEach("proto")
}

// contentEncoding takes a large answer compressed, which client-go asks for by itself.
func contentEncoding(w *world) {
	large := configMap("large", map[string]string{"k": strings.Repeat("0123456789", 50_000)})
	made := must(w.client.CoreV1().ConfigMaps(w.namespace).Create(w.ctx, large, meta.CreateOptions{}))
	same("its size", len(made.Data["k"]), 500_000)
	list := must(w.client.CoreV1().ConfigMaps(w.namespace).List(w.ctx, meta.ListOptions{}))
	same("its size in a list", len(list.Items[0].Data["k"]), 500_000)
}

// patches sends each kind of patch.
func patches(w *world) {
	pods := w.client.CoreV1().Pods(w.namespace)
	made := pod("a", map[string]string{"one": "1"})
	made.Spec.Tolerations = []core.Toleration{{Key: "k", Operator: core.TolerationOpExists}}
	must(pods.Create(w.ctx, made, meta.CreateOptions{}))
	strategic := []byte(`{"metadata":{"labels":{"two":"2"}},"spec":{"containers":[{"name":"a","image":"other"}]}}`)
	patched := must(pods.Patch(w.ctx, "a", types.StrategicMergePatchType, strategic, meta.PatchOptions{}))
	same("labels", patched.Labels, map[string]string{"one": "1", "two": "2"})
	same("containers", len(patched.Spec.Containers), 1)
	same("image", patched.Spec.Containers[0].Image, "other")
	patched = must(pods.Patch(w.ctx, "a", mergePatch, []byte(`{"metadata":{"labels":{"one":null}}}`), meta.PatchOptions{}))
	same("labels", patched.Labels, map[string]string{"two": "2"})
	operations := []byte(`[{"op":"test","path":"/metadata/labels/two","value":"2"},{"op":"add","path":"/metadata/labels/three","value":"3"}]`)
	patched = must(pods.Patch(w.ctx, "a", types.JSONPatchType, operations, meta.PatchOptions{}))
	same("labels", patched.Labels, map[string]string{"two": "2", "three": "3"})
	_, err := pods.Patch(w.ctx, "a", types.JSONPatchType, []byte(`[{"op":"test","path":"/metadata/labels/two","value":"x"}]`), meta.PatchOptions{})
	refused("a test that does not hold", err, errors.IsInvalid)
	condition := []byte(`{"status":{"conditions":[{"type":"PodScheduled","status":"True"}],"phase":"Running"}}`)
	patched = must(pods.Patch(w.ctx, "a", types.StrategicMergePatchType, condition, meta.PatchOptions{}, "status"))
	same("phase", patched.Status.Phase, core.PodRunning)
	condition = []byte(`{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`)
	patched = must(pods.Patch(w.ctx, "a", types.StrategicMergePatchType, condition, meta.PatchOptions{}, "status"))
	same("conditions, merged by type", len(patched.Status.Conditions), 2)
	stale := []byte(`{"metadata":{"resourceVersion":"1","labels":{"four":"4"}}}`)
	_, err = pods.Patch(w.ctx, "a", mergePatch, stale, meta.PatchOptions{})
	refused("a patch of a stale version", err, errors.IsConflict)
	dry := must(pods.Patch(w.ctx, "a", mergePatch, []byte(`{"metadata":{"labels":{"five":"5"}}}`), meta.PatchOptions{DryRun: []string{"All"}}))
	same("the label of a dry run", dry.Labels["five"], "5")
	same("what is kept of it", must(pods.Get(w.ctx, "a", meta.GetOptions{})).Labels["five"], "")
}

// refusals are the errors that controllers tell apart.
func refusals(w *world) {
	claims := w.client.CoreV1().PersistentVolumeClaims(w.namespace)
	made := must(claims.Create(w.ctx, claim("a", "1Gi"), meta.CreateOptions{}))
	_, err := claims.Create(w.ctx, claim("a", "1Gi"), meta.CreateOptions{})
	refused("a second object of that name", err, errors.IsAlreadyExists)
	_, err = claims.Get(w.ctx, "b", meta.GetOptions{})
	refused("an object that is not there", err, errors.IsNotFound)
	stale := made.DeepCopy()
	made.Labels = map[string]string{"a": "b"}
	must(claims.Update(w.ctx, made, meta.UpdateOptions{}))
	_, err = claims.Update(w.ctx, stale, meta.UpdateOptions{})
	refused("an update of a stale version", err, errors.IsConflict)
	immutable := must(claims.Get(w.ctx, "a", meta.GetOptions{}))
	immutable.Spec.StorageClassName = ptr.To("other")
	_, err = claims.Update(w.ctx, immutable, meta.UpdateOptions{})
	refused("a change of what stays", err, errors.IsInvalid)
	wrong := claim("w", "1Gi")
	wrong.Spec.AccessModes = nil
	_, err = claims.Create(w.ctx, wrong, meta.CreateOptions{})
	refused("a claim without access modes", err, errors.IsInvalid)
	causes := err.(errors.APIStatus).Status().Details.Causes
	ensure(slices.ContainsFunc(causes, func(cause meta.StatusCause) bool { return cause.Field == "spec.accessModes" }), "causes: %s", text(causes))
	_, err = w.client.CoreV1().ConfigMaps("nowhere").Create(w.ctx, configMap("a", nil), meta.CreateOptions{})
	refused("an object in no namespace", err, errors.IsNotFound)
	nobody := rest.AnonymousClientConfig(w.config)
	_, err = kubernetes.NewForConfigOrDie(nobody).CoreV1().Secrets("default").List(w.ctx, meta.ListOptions{})
	refused("a stranger", err, func(err error) bool { return errors.IsUnauthorized(err) || errors.IsForbidden(err) })
	generated := claim("", "1Gi")
	generated.GenerateName = "made-"
	ensure(strings.HasPrefix(must(claims.Create(w.ctx, generated, meta.CreateOptions{})).Name, "made-"), "no name is made")
}

// subresources are what controllers call beside the objects themselves.
func subresources(w *world) {
	pods := w.client.CoreV1().Pods(w.namespace)
	must(pods.Create(w.ctx, pod("a", nil), meta.CreateOptions{}))
	binding := &core.Binding{ObjectMeta: meta.ObjectMeta{Name: "a"}, Target: core.ObjectReference{Kind: "Node", Name: "n"}}
	succeed(pods.Bind(w.ctx, binding, meta.CreateOptions{}))
	bound := must(pods.Get(w.ctx, "a", meta.GetOptions{}))
	same("the node", bound.Spec.NodeName, "n")
	ensure(len(bound.Status.Conditions) > 0 && bound.Status.Conditions[0].Type == core.PodScheduled, "conditions: %s", text(bound.Status.Conditions))
	refused("a second binding", pods.Bind(w.ctx, binding, meta.CreateOptions{}), errors.IsConflict)
	gone := pod("gone", nil)
	must(pods.Create(w.ctx, gone, meta.CreateOptions{}))
	succeed(pods.EvictV1(w.ctx, &policy.Eviction{ObjectMeta: meta.ObjectMeta{Name: "gone", Namespace: w.namespace}}))
	eventually("the evicted pod goes", func() bool {
		_, err := pods.Get(w.ctx, "gone", meta.GetOptions{})
		return errors.IsNotFound(err)
	})
	scaleSet(w)
}
