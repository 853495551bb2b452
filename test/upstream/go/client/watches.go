package main

import (
	"context"
	"strconv"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

func (w *world) next(events <-chan watch.Event) watch.Event {
	select {
	case event, open := <-events:
		ensure(open, "the watch ended")
		return event
	case <-w.ctx.Done():
		fail("nothing comes")
	}
	return watch.Event{}
}

// watchBookmarks asks for the state as a stream: the objects, then the bookmark which says that those were all.
func watchBookmarks(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	for _, name := range []string{"a", "b"} {
		must(maps.Create(w.ctx, configMap(name, nil), meta.CreateOptions{}))
	}
	initial := true
	stream := must(maps.Watch(w.ctx, meta.ListOptions{
		SendInitialEvents: &initial, AllowWatchBookmarks: true, ResourceVersionMatch: meta.ResourceVersionMatchNotOlderThan,
	}))
	defer stream.Stop()
	for _, name := range []string{"a", "b"} {
		event := w.next(stream.ResultChan())
		same("the event", string(event.Type)+" "+event.Object.(*core.ConfigMap).Name, "ADDED "+name)
	}
	bookmark := w.next(stream.ResultChan())
	same("the event after them", bookmark.Type, watch.Bookmark)
	marked := bookmark.Object.(*core.ConfigMap)
	same("its annotation", marked.Annotations[meta.InitialEventsAnnotationKey], "true")
	list := must(maps.List(w.ctx, meta.ListOptions{}))
	ensure(number(marked.ResourceVersion) <= number(list.ResourceVersion), "the bookmark is ahead of the list")
	must(maps.Create(w.ctx, configMap("c", nil), meta.CreateOptions{}))
	same("what follows", w.next(stream.ResultChan()).Object.(*core.ConfigMap).Name, "c")
	_, err := maps.Watch(w.ctx, meta.ListOptions{SendInitialEvents: &initial, AllowWatchBookmarks: true})
	refused("sendInitialEvents without resourceVersionMatch", err, errors.IsInvalid)
	_, err = maps.List(w.ctx, meta.ListOptions{SendInitialEvents: &initial})
	refused("a list with sendInitialEvents", err, errors.IsInvalid)
}

func number(version string) int {
	return must(strconv.Atoi(version))
}

// watchVersions goes on from versions: of a list, of an object, one that is too old, one that is none.
func watchVersions(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	list := must(maps.List(w.ctx, meta.ListOptions{}))
	made := must(maps.Create(w.ctx, configMap("a", nil), meta.CreateOptions{}))
	must(maps.Patch(w.ctx, "a", mergePatch, []byte(`{"data":{"k":"1"}}`), meta.PatchOptions{}))
	succeed(maps.Delete(w.ctx, "a", meta.DeleteOptions{}))
	for from, wanted := range map[string][]watch.EventType{
		list.ResourceVersion: {watch.Added, watch.Modified, watch.Deleted},
		made.ResourceVersion: {watch.Modified, watch.Deleted},
	} {
		stream := must(maps.Watch(w.ctx, meta.ListOptions{ResourceVersion: from}))
		before := number(from)
		for _, kind := range wanted {
			event := w.next(stream.ResultChan())
			same("the event", event.Type, kind)
			version := number(event.Object.(*core.ConfigMap).ResourceVersion)
			ensure(version > before, "version %d after %d", version, before)
			before = version
		}
		stream.Stop()
	}
	_, err := maps.Watch(w.ctx, meta.ListOptions{ResourceVersion: "x"})
	ensure(err != nil, "a watch from no version is not refused")
	gone := must(maps.Watch(w.ctx, meta.ListOptions{ResourceVersion: "1"}))
	defer gone.Stop()
	if event := w.next(gone.ResultChan()); event.Type == watch.Error {
		refused("a watch from too far back", errors.FromObject(event.Object), errors.IsResourceExpired)
	}
	untilWithSync(w)
}

// untilWithSync is how kubectl wait and the test frameworks wait for a condition.
func untilWithSync(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	must(maps.Create(w.ctx, configMap("u", nil), meta.CreateOptions{}))
	source := cache.NewListWatchFromClient(w.client.CoreV1().RESTClient(), "configmaps", w.namespace, named("u"))
	ctx, cancel := context.WithTimeout(w.ctx, waitLimit)
	defer cancel()
	last := must(watchtools.UntilWithSync(ctx, source, &core.ConfigMap{}, nil, func(event watch.Event) (bool, error) {
		if event.Type == watch.Added {
			return false, maps.Delete(w.ctx, "u", meta.DeleteOptions{})
		}
		return event.Type == watch.Deleted, nil
	}))
	same("the last event", last.Type, watch.Deleted)
}
