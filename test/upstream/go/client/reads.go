package main

import (
	"context"
	"fmt"
	"slices"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

func podNames(list *core.PodList) []string {
	names := []string{}
	for _, pod := range list.Items {
		names = append(names, pod.Name)
	}
	return names
}

// selectors asks by labels and by fields, and for what is no selector.
func selectors(w *world) {
	pods := w.client.CoreV1().Pods(w.namespace)
	for name, labels := range map[string]map[string]string{
		"a": {"app": "x", "tier": "front"}, "b": {"app": "x", "tier": "back"}, "c": {"app": "y"},
	} {
		made := pod(name, labels)
		if name == "c" {
			made.Spec.NodeName = "n"
		}
		must(pods.Create(w.ctx, made, meta.CreateOptions{}))
	}
	for _, asked := range []struct {
		label, field string
		wanted       []string
	}{
		{"app=x", "", []string{"a", "b"}},
		{"app!=x", "", []string{"c"}},
		{"app in (x,y),tier", "", []string{"a", "b"}},
		{"!tier", "", []string{"c"}},
		{"tier notin (front)", "", []string{"b", "c"}},
		{"", "metadata.name=b", []string{"b"}},
		{"", "spec.nodeName=n", []string{"c"}},
		{"", "spec.nodeName!=n,status.phase=Pending", []string{"a", "b"}},
		{"app=x", "metadata.name!=a", []string{"b"}},
		{"", "spec.schedulerName=none", []string{}},
	} {
		list := must(pods.List(w.ctx, meta.ListOptions{LabelSelector: asked.label, FieldSelector: asked.field}))
		same(asked.label+" "+asked.field, podNames(list), asked.wanted)
	}
	_, err := pods.List(w.ctx, meta.ListOptions{FieldSelector: "spec.hostname=a"})
	refused("a field that cannot be selected by", err, errors.IsBadRequest)
	_, err = pods.List(w.ctx, meta.ListOptions{LabelSelector: "a in b"})
	refused("a label selector that is none", err, errors.IsBadRequest)
	watchSelected(w)
}

// watchSelected sees an object come and go as it comes to match and no longer does.
func watchSelected(w *world) {
	pods := w.client.CoreV1().Pods(w.namespace)
	list := must(pods.List(w.ctx, meta.ListOptions{}))
	stream := must(pods.Watch(w.ctx, meta.ListOptions{ResourceVersion: list.ResourceVersion, LabelSelector: "app=z"}))
	defer stream.Stop()
	for _, change := range [][2]string{{`"z"`, "ADDED"}, {`"y"`, "DELETED"}} {
		body := []byte(`{"metadata":{"labels":{"app":` + change[0] + `}}}`)
		changed := must(pods.Patch(w.ctx, "c", mergePatch, body, meta.PatchOptions{}))
		event := w.next(stream.ResultChan())
		same("the event", string(event.Type), change[1])
		same("its version", event.Object.(*core.Pod).ResourceVersion, changed.ResourceVersion)
	}
}

// paging reads in pages, by hand and as client-go's pager does, while the objects change.
func paging(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	const count = 25
	for index := range count {
		must(maps.Create(w.ctx, configMap(fmt.Sprintf("m%02d", index), nil), meta.CreateOptions{}))
	}
	first := must(maps.List(w.ctx, meta.ListOptions{Limit: 10}))
	same("the first page", len(first.Items), 10)
	same("what remains", *first.RemainingItemCount, int64(count-10))
	must(maps.Create(w.ctx, configMap("m99", nil), meta.CreateOptions{}))
	second := must(maps.List(w.ctx, meta.ListOptions{Limit: 10, Continue: first.Continue}))
	same("the version of the second page", second.ResourceVersion, first.ResourceVersion)
	same("its first object", second.Items[0].Name, "m10")
	third := must(maps.List(w.ctx, meta.ListOptions{Limit: 10, Continue: second.Continue}))
	same("the last page, without what came meanwhile", len(third.Items), count-20)
	same("its token", third.Continue, "")
	ensure(third.RemainingItemCount == nil, "something remains after the last page")
	_, err := maps.List(w.ctx, meta.ListOptions{Limit: 10, Continue: "x"})
	refused("a token that is none", err, errors.IsBadRequest)
	_, err = maps.List(w.ctx, meta.ListOptions{Continue: first.Continue, ResourceVersion: "5"})
	refused("a token with a version", err, errors.IsBadRequest)
	pages := pager.New(func(ctx context.Context, options meta.ListOptions) (runtime.Object, error) {
		return maps.List(ctx, options)
	})
	pages.PageSize = 7
	var seen []string
	succeed(pages.EachListItem(w.ctx, meta.ListOptions{}, func(item runtime.Object) error {
		seen = append(seen, item.(*core.ConfigMap).Name)
		return nil
	}))
	same("how many the pager sees", len(seen), count+1)
	ensure(slices.IsSorted(seen), "the pages are not in order: %v", seen)
}

// listVersions asks for states: any, not older than one, exactly one, one that is not there yet.
func listVersions(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	must(maps.Create(w.ctx, configMap("a", nil), meta.CreateOptions{}))
	then := must(maps.List(w.ctx, meta.ListOptions{})).ResourceVersion
	must(maps.Create(w.ctx, configMap("b", nil), meta.CreateOptions{}))
	for _, asked := range []struct {
		version string
		match   meta.ResourceVersionMatch
		wanted  int
	}{
		{"", "", 2}, {"0", "", 2}, {then, "", 2},
		{then, meta.ResourceVersionMatchNotOlderThan, 2},
		{then, meta.ResourceVersionMatchExact, 1},
	} {
		list := must(maps.List(w.ctx, meta.ListOptions{ResourceVersion: asked.version, ResourceVersionMatch: asked.match}))
		same(fmt.Sprintf("the list at %q %s", asked.version, asked.match), len(list.Items), asked.wanted)
	}
	exact := meta.ListOptions{ResourceVersion: then, ResourceVersionMatch: meta.ResourceVersionMatchExact}
	same("the version of the exact list", must(maps.List(w.ctx, exact)).ResourceVersion, then)
	far := fmt.Sprint(number(then) + 1_000_000)
	_, err := maps.List(w.ctx, meta.ListOptions{ResourceVersion: far})
	refused("a version of the future", err, func(err error) bool {
		return errors.IsTimeout(err) && errors.HasStatusCause(err, meta.CauseTypeResourceVersionTooLarge)
	})
	_, err = maps.List(w.ctx, meta.ListOptions{ResourceVersionMatch: meta.ResourceVersionMatchExact})
	refused("a match without a version", err, errors.IsInvalid)
	got := must(maps.Get(w.ctx, "a", meta.GetOptions{ResourceVersion: "0"}))
	same("an object at any version", got.Name, "a")
}
