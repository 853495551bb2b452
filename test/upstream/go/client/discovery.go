package main

import (
	"encoding/json"
	"slices"
	"strings"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

func resourceNames(list *meta.APIResourceList) []string {
	var names []string
	for _, resource := range list.APIResources {
		names = append(names, resource.Name)
	}
	return names
}

// discoveryAggregated reads everything in two requests and finds in it what the plain documents say.
func discoveryAggregated(w *world) {
	client := w.client.Discovery().(*discovery.DiscoveryClient)
	groups, resources, failures, err := client.GroupsAndMaybeResources()
	succeed(err)
	ensure(len(failures) == 0, "some groups fail: %v", failures)
	ensure(resources != nil, "the answer is not the aggregated one: %v", w.requests.with("/api"))
	ensure(len(w.requests.with("GET /api", "APIGroupDiscoveryList")) == 2, "asked otherwise: %v", w.requests.with("GET"))
	ensure(len(groups.Groups) > 8, "%d groups", len(groups.Groups))
	for version, wanted := range map[schema.GroupVersion][]string{
		{Version: "v1"}: {"pods", "pods/status", "pods/binding", "pods/eviction", "persistentvolumes/status",
			"persistentvolumeclaims", "persistentvolumeclaims/status", "serviceaccounts/token", "namespaces/finalize"},
		{Group: "storage.k8s.io", Version: "v1"}: {"csidrivers", "csinodes", "csistoragecapacities", "storageclasses",
			"volumeattachments", "volumeattachments/status", "volumeattributesclasses"},
		{Group: "coordination.k8s.io", Version: "v1"}: {"leases"},
		{Group: "apps", Version: "v1"}:                {"statefulsets/scale", "deployments/status"},
	} {
		list := resources[version]
		ensure(list != nil, "no resources of %s", version)
		names := resourceNames(list)
		for _, name := range wanted {
			ensure(slices.Contains(names, name), "%s is not among %v", name, names)
		}
		plain := must(client.ServerResourcesForGroupVersion(version.String()))
		plainNames := resourceNames(plain)
		slices.Sort(names)
		slices.Sort(plainNames)
		same("the plain list of "+version.String(), plainNames, names)
	}
}

// discoveryMapper is how kubectl and the controllers come from a kind to its resource, short names included.
func discoveryMapper(w *world) {
	cached := memory.NewMemCacheClient(w.client.Discovery())
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	mapping := must(mapper.RESTMapping(schema.GroupKind{Group: "storage.k8s.io", Kind: "VolumeAttachment"}))
	same("the resource of a VolumeAttachment", mapping.Resource.String(), "storage.k8s.io/v1, Resource=volumeattachments")
	same("its scope", string(mapping.Scope.Name()), "root")
	for short, plural := range map[string]string{"pvc": "persistentvolumeclaims", "pv": "persistentvolumes", "sc": "storageclasses"} {
		found := must(mapper.ResourceFor(schema.GroupVersionResource{Resource: short}))
		same("what "+short+" stands for", found.Resource, plural)
	}
	version := must(w.client.Discovery().ServerVersion())
	ensure(version.Major == "1" && version.Minor == "36", "the version is %s", version)
}

func openapiV3(w *world) {
	paths := must(w.client.Discovery().OpenAPIV3().Paths())
	for path, kind := range map[string]string{
		"api/v1":                      "io.k8s.api.core.v1.PersistentVolumeClaim",
		"apis/storage.k8s.io/v1":      "io.k8s.api.storage.v1.VolumeAttachment",
		"apis/apps/v1":                "io.k8s.api.apps.v1.StatefulSet",
		"apis/coordination.k8s.io/v1": "io.k8s.api.coordination.v1.Lease",
	} {
		group := paths[path]
		ensure(group != nil, "no document of %s", path)
		ensure(strings.Contains(group.ServerRelativeURL(), "hash="), "%s names no hash", group.ServerRelativeURL())
		var document struct {
			Paths      map[string]any
			Components struct{ Schemas map[string]any }
		}
		succeed(json.Unmarshal(must(group.Schema("application/json")), &document))
		ensure(document.Components.Schemas[kind] != nil, "%s has no schema of %s", path, kind)
		ensure(len(document.Paths) > 0, "%s has no paths", path)
	}
}
