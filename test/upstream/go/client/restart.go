package main

import (
	"bufio"
	"fmt"
	"os"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// restart asks whoever started it to kill the server and start it again with its data, and goes on: what was
// acknowledged is there, informers and watches follow from where they were, and see nothing twice.
func restart(w *world) {
	maps := w.client.CoreV1().ConfigMaps(w.namespace)
	must(maps.Create(w.ctx, configMap("before", nil), meta.CreateOptions{}))
	list := must(maps.List(w.ctx, meta.ListOptions{}))
	source := cache.NewListWatchFromClient(w.client.CoreV1().RESTClient(), "configmaps", w.namespace, everything)
	retried := must(watchtools.NewRetryWatcherWithContext(w.ctx, list.ResourceVersion, cache.ToWatcherWithContext(source)))
	defer retried.Stop()
	factory := informers.NewSharedInformerFactoryWithOptions(w.client, 0, informers.WithNamespace(w.namespace))
	informer := factory.Core().V1().ConfigMaps().Informer()
	told := &notes{}
	told.follow(informer)
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	last := ""
	for index := range 20 {
		last = must(maps.Create(w.ctx, configMap(fmt.Sprintf("m%02d", index), nil), meta.CreateOptions{})).ResourceVersion
	}

	fmt.Println("restart the server")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	same("the answer", line, "done\n")
	eventually("the server answers", func() bool {
		_, err := w.client.Discovery().ServerVersion()
		return err == nil
	})
	same("how many are kept", len(must(maps.List(w.ctx, meta.ListOptions{})).Items), 21)
	after := must(maps.Create(w.ctx, configMap("z", nil), meta.CreateOptions{}))
	ensure(number(after.ResourceVersion) > number(last), "versions go back: %s after %s", after.ResourceVersion, last)
	succeed(maps.Delete(w.ctx, "before", meta.DeleteOptions{}))
	for index := range 20 {
		event := w.next(retried.ResultChan())
		same("an event of the watch", string(event.Type)+" "+event.Object.(*core.ConfigMap).Name, fmt.Sprintf("ADDED m%02d", index))
	}
	same("the event after the restart", w.next(retried.ResultChan()).Object.(*core.ConfigMap).Name, "z")
	same("the last event", w.next(retried.ResultChan()).Type, watch.Deleted)
	eventually("the informer follows", func() bool { return told.count("add z") == 1 && told.count("delete before") == 1 })
	for index := range 20 {
		same("how often it was told of an object", told.count(fmt.Sprintf("add m%02d", index)), 1)
	}
	same("how many it keeps", len(informer.GetStore().List()), 21)
}
