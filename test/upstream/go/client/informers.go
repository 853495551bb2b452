package main

import (
	"maps"
	"slices"
	"strings"
	"sync"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// notes are what an informer's handler was told.
type notes struct {
	lock  sync.Mutex
	lines []string
}

func (n *notes) add(line string) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.lines = append(n.lines, line)
}

func (n *notes) count(line string) int {
	n.lock.Lock()
	defer n.lock.Unlock()
	return len(slices.DeleteFunc(slices.Clone(n.lines), func(other string) bool { return other != line }))
}

func (n *notes) follow(informer cache.SharedIndexInformer) {
	name := func(object any) string {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		return object.(meta.Object).GetName()
	}
	must(informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { n.add("add " + name(object)) },
		UpdateFunc: func(_, object any) { n.add("update " + name(object)) },
		DeleteFunc: func(object any) { n.add("delete " + name(object)) },
	}))
}

func (w *world) makeOneOfEach(name string) {
	client := w.client
	must(client.CoreV1().Pods(w.namespace).Create(w.ctx, pod(name, nil), meta.CreateOptions{}))
	must(client.CoreV1().PersistentVolumes().Create(w.ctx, volume(name, "1Gi"), meta.CreateOptions{}))
	must(client.CoreV1().PersistentVolumeClaims(w.namespace).Create(w.ctx, claim(name, "1Gi"), meta.CreateOptions{}))
	must(client.StorageV1().VolumeAttachments().Create(w.ctx, attachment(name, name), meta.CreateOptions{}))
	must(client.StorageV1().CSINodes().Create(w.ctx, csiNode(name), meta.CreateOptions{}))
	must(client.CoreV1().Events(w.namespace).Create(w.ctx, event(name, w.namespace), meta.CreateOptions{}))
}

func informersOf(factory informers.SharedInformerFactory) map[string]cache.SharedIndexInformer {
	return map[string]cache.SharedIndexInformer{
		"pods":                   factory.Core().V1().Pods().Informer(),
		"persistentvolumes":      factory.Core().V1().PersistentVolumes().Informer(),
		"persistentvolumeclaims": factory.Core().V1().PersistentVolumeClaims().Informer(),
		"volumeattachments":      factory.Storage().V1().VolumeAttachments().Informer(),
		"csinodes":               factory.Storage().V1().CSINodes().Informer(),
		"events":                 factory.Core().V1().Events().Informer(),
	}
}

// watchListInformers fills the shared informers by one stream each, and no list: the default of client-go 1.35 and later.
func watchListInformers(w *world) {
	w.makeOneOfEach("before")
	followEverything(w)
	for _, plural := range slices.Sorted(maps.Keys(informersOf(informers.NewSharedInformerFactory(w.client, 0)))) {
		initial := w.requests.with("GET ", "/"+plural+"?", "sendInitialEvents=true", "-> 200")
		ensure(len(initial) == 1, "%s were asked for otherwise: %v", plural, w.requests.with("GET ", "/"+plural))
		lists := slices.DeleteFunc(w.requests.with("GET ", "/"+plural+"?"), func(line string) bool {
			return strings.Contains(line, "watch=true")
		})
		ensure(len(lists) == 0, "%s were listed: %v", plural, lists)
	}
}

func followEverything(w *world) {
	factory := informers.NewSharedInformerFactory(w.client, 0)
	followed := informersOf(factory)
	told := map[string]*notes{}
	for plural, informer := range followed {
		told[plural] = &notes{}
		told[plural].follow(informer)
	}
	stop := make(chan struct{})
	defer factory.Shutdown()
	defer close(stop)
	factory.Start(stop)
	for kind, synced := range factory.WaitForCacheSync(stop) {
		ensure(synced, "the informer of %s does not fill", kind)
	}
	w.makeOneOfEach("after")
	for plural, notes := range told {
		eventually(plural+" are told of", func() bool {
			return notes.count("add before") == 1 && notes.count("add after") == 1
		})
	}
	labels := []byte(`{"metadata":{"labels":{"a":"b"}}}`)
	claims, volumes := w.client.CoreV1().PersistentVolumeClaims(w.namespace), w.client.CoreV1().PersistentVolumes()
	must(claims.Patch(w.ctx, "after", mergePatch, labels, meta.PatchOptions{}))
	must(volumes.Patch(w.ctx, "after", mergePatch, labels, meta.PatchOptions{}))
	succeed(w.client.CoreV1().Pods(w.namespace).Delete(w.ctx, "after", meta.DeleteOptions{}))
	succeed(w.client.StorageV1().VolumeAttachments().Delete(w.ctx, "after", meta.DeleteOptions{}))
	for plural, line := range map[string]string{
		"persistentvolumeclaims": "update after", "persistentvolumes": "update after",
		"pods": "delete after", "volumeattachments": "delete after",
	} {
		eventually(plural+": "+line, func() bool { return told[plural].count(line) > 0 })
	}
	listed := must(claims.List(w.ctx, meta.ListOptions{}))
	lister := factory.Core().V1().PersistentVolumeClaims().Lister().PersistentVolumeClaims(w.namespace)
	for _, item := range listed.Items {
		same("the kept claim "+item.Name, must(lister.Get(item.Name)), &item)
	}
	w.removeOneOfEach("before")
	w.removeOneOfEach("after")
}

// removeOneOfEach takes away what outlasts the namespace; claims and volumes may be held by finalizers.
func (w *world) removeOneOfEach(name string) {
	_ = w.client.StorageV1().VolumeAttachments().Delete(w.ctx, name, meta.DeleteOptions{})
	_ = w.client.StorageV1().CSINodes().Delete(w.ctx, name, meta.DeleteOptions{})
	none := []byte(`{"metadata":{"finalizers":null}}`)
	_, _ = w.client.CoreV1().PersistentVolumes().Patch(w.ctx, name, mergePatch, none, meta.PatchOptions{})
	_ = w.client.CoreV1().PersistentVolumes().Delete(w.ctx, name, meta.DeleteOptions{})
}

// listing is a client that cannot take its state as a stream.
type listing struct{}

func (listing) IsWatchListSemanticsUnSupported() bool { return true }

// listInformers is the way of older clients: a list in pages, and a watch from its version on.
func listInformers(w *world) {
	for _, name := range []string{"a", "b", "c"} {
		must(w.client.CoreV1().ConfigMaps(w.namespace).Create(w.ctx, configMap(name, nil), meta.CreateOptions{}))
	}
	source := cache.NewListWatchFromClient(w.client.CoreV1().RESTClient(), "configmaps", w.namespace, everything)
	store := cache.NewStore(cache.MetaNamespaceKeyFunc)
	lister := cache.ToListWatcherWithWatchListSemantics(source, listing{})
	reflector := cache.NewReflectorWithOptions(lister, &core.ConfigMap{}, store, cache.ReflectorOptions{})
	reflector.WatchListPageSize = 2
	stop := make(chan struct{})
	defer close(stop)
	go reflector.Run(stop)
	eventually("a reflector that lists", func() bool { return reflector.LastSyncResourceVersion() != "" })
	before := reflector.LastSyncResourceVersion()
	must(w.client.CoreV1().ConfigMaps(w.namespace).Create(w.ctx, configMap("d", nil), meta.CreateOptions{}))
	eventually("it follows", func() bool { return reflector.LastSyncResourceVersion() != before && len(store.List()) == 4 })
	ensure(len(w.requests.with("/list-informers/configmaps?limit=2")) == 1, "no pages: %v", w.requests.with("GET"))
}

func metadataInformers(w *world) {
	must(w.client.CoreV1().Secrets(w.namespace).Create(w.ctx, secret("a"), meta.CreateOptions{}))
	resource := schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	factory := metadatainformer.NewFilteredSharedInformerFactory(metadata.NewForConfigOrDie(w.config), 0, w.namespace, nil)
	told := &notes{}
	told.follow(factory.ForResource(resource).Informer())
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	ensure(factory.WaitForCacheSync(stop)[resource], "the metadata of secrets do not come")
	must(w.client.CoreV1().Secrets(w.namespace).Create(w.ctx, secret("b"), meta.CreateOptions{}))
	eventually("both are told of", func() bool { return told.count("add a") == 1 && told.count("add b") == 1 })
	found := must(factory.ForResource(resource).Lister().ByNamespace(w.namespace).Get("a"))
	same("what is kept", text(found.(*meta.PartialObjectMetadata).GetName()), `"a"`)
	ensure(len(w.requests.with("/secrets?", "sendInitialEvents=true", "-> 200")) == 1, "asked otherwise: %v", w.requests.with("/secrets"))
}
