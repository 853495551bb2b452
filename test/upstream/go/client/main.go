// Client runs client-go, as Kubernetes' own components use it, against an API server and tells step by step whether
// the server does what client-go counts on. One line each: "ok NAME" or "failed NAME: why".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// world is what every step gets: clients of the administrator and a namespace of its own.
type world struct {
	ctx       context.Context
	config    *rest.Config
	client    kubernetes.Interface
	dynamic   dynamic.Interface
	namespace string
	requests  *recorder
}

type step struct {
	name string
	run  func(*world)
}

var steps = []step{
	{"discovery-aggregated", discoveryAggregated},
	{"discovery-mapper", discoveryMapper},
	{"openapi-v3", openapiV3},
	{"protobuf", protobuf},
	{"content-encoding", contentEncoding},
	{"watch-list-informers", watchListInformers},
	{"list-informers", listInformers},
	{"metadata-informers", metadataInformers},
	{"watch-bookmarks", watchBookmarks},
	{"watch-versions", watchVersions},
	{"selectors", selectors},
	{"paging", paging},
	{"list-versions", listVersions},
	{"patches", patches},
	{"apply-dynamic", applyDynamic},
	{"apply-typed", applyTyped},
	{"field-validation", fieldValidation},
	{"errors", refusals},
	{"delete-collection", deleteCollection},
	{"delete-options", deleteOptions},
	{"subresources", subresources},
	{"token-request", tokenRequest},
	{"access-review", accessReview},
	{"impersonation", impersonation},
	{"events", recordedEvents},
	{"leader-election", leaderElection},
	{"restart", restart},
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "of the administrator")
	skip := flag.String("skip", "", "steps that are left out, with commas between")
	list := flag.Bool("list", false, "tells the names of the steps")
	flag.Parse()
	if *list {
		for _, step := range steps {
			fmt.Println(step.name)
		}
		return
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	config.QPS = -1
	if failed := runSteps(config, strings.Split(*skip, ",")); failed > 0 {
		os.Exit(1)
	}
}

// runSteps counts what failed.
func runSteps(config *rest.Config, skipped []string) (failed int) {
	for _, step := range steps {
		if slices.Contains(skipped, step.name) {
			continue
		}
		if err := runStep(config, step); err != nil {
			failed++
			fmt.Printf("failed %s: %v\n", step.name, err)
		} else {
			fmt.Printf("ok %s\n", step.name)
		}
	}
	return failed
}

func runStep(base *rest.Config, step step) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			failure, ok := thrown.(failure)
			if !ok {
				panic(thrown)
			}
			err = failure.err
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	w := newWorld(ctx, base, step.name)
	step.run(w)
	return nil
}

func newWorld(ctx context.Context, base *rest.Config, namespace string) *world {
	requests := &recorder{}
	config := rest.CopyConfig(base)
	config.Wrap(requests.wrap)
	w := &world{ctx: ctx, config: config, namespace: namespace, requests: requests}
	w.client = kubernetes.NewForConfigOrDie(config)
	w.dynamic = dynamic.NewForConfigOrDie(config)
	w.makeNamespace(namespace)
	return w
}
