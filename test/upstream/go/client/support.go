package main

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/json"
)

const (
	// stepLimit is how long a step may take in all, waitLimit how long it waits for one thing.
	stepLimit = 2 * time.Minute
	waitLimit = time.Minute
)

type failure struct{ err error }

func fail(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}

func ensure(holds bool, format string, args ...any) {
	if !holds {
		fail(format, args...)
	}
}

func succeed(err error) {
	if err != nil {
		fail("%w", err)
	}
}

func must[T any](value T, err error) T {
	succeed(err)
	return value
}

// refused ends the step unless the error is of the kind that is expected.
func refused(what string, err error, is func(error) bool) {
	ensure(err != nil, "%s is not refused", what)
	ensure(is(err), "%s is refused otherwise: %v", what, err)
}

func same(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		fail("%s is %s and not %s", what, text(got), text(want))
	}
}

func text(value any) string {
	bytes, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(bytes)
}

func eventually(what string, holds func() bool) {
	for end := time.Now().Add(waitLimit); !holds(); time.Sleep(20 * time.Millisecond) {
		ensure(time.Now().Before(end), "it does not come to pass: %s", what)
	}
}

// recorder notes what is asked of the server.
type recorder struct {
	lock sync.Mutex
	seen []string
}

type roundTripper func(*http.Request) (*http.Response, error)

func (trip roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	return trip(request)
}

func (r *recorder) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		line := request.Method + " " + request.URL.RequestURI() + " " + request.Header.Get("Content-Type")
		if err == nil {
			line += fmt.Sprintf(" -> %d %s", response.StatusCode, response.Header.Get("Content-Type"))
		}
		r.lock.Lock()
		defer r.lock.Unlock()
		r.seen = append(r.seen, line)
		return response, err
	})
}

// with are the requests that hold all these parts.
func (r *recorder) with(parts ...string) []string {
	r.lock.Lock()
	defer r.lock.Unlock()
	var found []string
	for _, line := range r.seen {
		holds := true
		for _, part := range parts {
			holds = holds && strings.Contains(line, part)
		}
		if holds {
			found = append(found, line)
		}
	}
	return found
}
