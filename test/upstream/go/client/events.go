package main

import (
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"
)

// recordedEvents tells through both recorders of client-go: repeated events are counted in one object.
func recordedEvents(w *world) {
	made := must(w.client.CoreV1().PersistentVolumeClaims(w.namespace).Create(w.ctx, claim("a", "1Gi"), meta.CreateOptions{}))
	old := record.NewBroadcaster()
	defer old.Shutdown()
	old.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: w.client.CoreV1().Events("")})
	recorder := old.NewRecorder(scheme.Scheme, core.EventSource{Component: "c"})
	for range 3 {
		recorder.Event(made, core.EventTypeWarning, "Tried", "it was tried")
	}
	selector := "reason=Tried,involvedObject.name=a,involvedObject.uid=" + string(made.UID)
	eventually("three times, in one event", func() bool {
		list := must(w.client.CoreV1().Events(w.namespace).List(w.ctx, meta.ListOptions{FieldSelector: selector}))
		return len(list.Items) == 1 && list.Items[0].Count == 3
	})
	today := events.NewBroadcaster(&events.EventSinkImpl{Interface: w.client.EventsV1()})
	defer today.Shutdown()
	succeed(today.StartRecordingToSinkWithContext(w.ctx))
	newer := today.NewRecorder(scheme.Scheme, "example.com/c")
	for range 2 {
		newer.Eventf(made, nil, core.EventTypeNormal, "Bound", "Binding", "to %s", "pv")
	}
	eventually("the same event is a series", func() bool {
		list := must(w.client.EventsV1().Events(w.namespace).List(w.ctx, meta.ListOptions{FieldSelector: "reason=Bound"}))
		return len(list.Items) == 1 && list.Items[0].Note == "to pv" && list.Items[0].Series != nil
	})
	list := must(w.client.CoreV1().Events(w.namespace).List(w.ctx, meta.ListOptions{FieldSelector: "reason=Bound"}))
	same("its message in the older form", list.Items[0].Message, "to pv")
	same("and who told it", list.Items[0].ReportingController, "example.com/c")
}
