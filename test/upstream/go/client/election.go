package main

import (
	"context"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func (w *world) runCandidate(ctx context.Context, name string, leading chan<- string) {
	lock := must(resourcelock.New(resourcelock.LeasesResourceLock, w.namespace, "lock", w.client.CoreV1(),
		w.client.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: name}))
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 200 * time.Millisecond,
		ReleaseOnCancel: true, Name: name,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { leading <- name },
			OnStoppedLeading: func() {},
		},
	})
}

// leaderElection has two candidates; the second takes over when the first lets go.
func leaderElection(w *world) {
	leading := make(chan string, 2)
	first, endFirst := context.WithCancel(w.ctx)
	second, endSecond := context.WithCancel(w.ctx)
	defer endSecond()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.runCandidate(first, "first", leading)
	}()
	same("who leads", <-leading, "first")
	go w.runCandidate(second, "second", leading)
	leases := w.client.CoordinationV1().Leases(w.namespace)
	before := must(leases.Get(w.ctx, "lock", meta.GetOptions{}))
	same("the holder", *before.Spec.HolderIdentity, "first")
	eventually("the lease is renewed", func() bool {
		return must(leases.Get(w.ctx, "lock", meta.GetOptions{})).Spec.RenewTime.After(before.Spec.RenewTime.Time)
	})
	endFirst()
	<-ended
	select {
	case name := <-leading:
		same("who leads", name, "second")
	case <-w.ctx.Done():
		fail("the second does not come to lead")
	}
	after := must(leases.Get(w.ctx, "lock", meta.GetOptions{}))
	same("the holder", *after.Spec.HolderIdentity, "second")
	same("how often it changed hands", *after.Spec.LeaseTransitions, int32(1))
}
