#!/bin/bash
# Builds Kubernetes' own API server, controller manager and scheduler into .cache/kubernetes, for `npm run upstream`.
# The source is Debian 12's package `kubernetes`, the last one that holds the whole of it (1.20); with it come Debian's
# Go and etcd. Needs root, about 6 GB of disk while it builds, and five minutes on two cores.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/.cache/kubernetes
programs="kube-apiserver kube-controller-manager kube-scheduler"
if [ -e "$target/complete" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The lists of packages, and those of sources beside them, in a place of their own.
mkdir -p "$work/lists/partial" "$work/sources.d"
if [ -e /etc/apt/sources.list.d/debian.sources ]; then
  sed -E 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources > "$work/sources.d/debian.sources"
else
  sed -n 's/^deb \(.*\)/deb \1\ndeb-src \1/p' /etc/apt/sources.list > "$work/sources.d/debian.list"
fi
apt=(-o "Dir::State::Lists=$work/lists" -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources.d" -o APT::Sandbox::User=root)
apt-get "${apt[@]}" -qq update
apt-get "${apt[@]}" -qq install -y golang-1.19-go etcd-server > "$work/install.log" || { tail "$work/install.log"; exit 1; }
(cd "$work" && apt-get "${apt[@]}" -qq source --download-only kubernetes)
archive=$(ls "$work"/kubernetes_1.20*.orig.tar.gz)

source=$work/go/src/k8s.io/kubernetes
mkdir -p "$source" "$target"
tar xzf "$archive" -C "$source" --strip-components=1
cd "$source"
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$work/go GOCACHE=$work/cache GO111MODULE=off GOFLAGS= CGO_ENABLED=0

# The OpenAPI definitions are not in the source: they are generated from the packages that ask for it.
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
libraries='api|apimachinery|apiserver|apiextensions-apiserver|kube-aggregator|metrics|client-go|component-base|kubelet|kube-proxy|kube-scheduler|kube-controller-manager|cloud-provider'
inputs=$(grep -rl '+k8s:openapi-gen=true' --include='*.go' staging/src/k8s.io pkg cmd \
  | grep -vE '_test\.go$|testdata|kube-aggregator/test|sample-|code-generator' | xargs -n1 dirname | sort -u \
  | sed -E "s#^staging/src/##; s#^(pkg|cmd)/#k8s.io/kubernetes/\\1/#; s#^k8s.io/($libraries)/#k8s.io/kubernetes/vendor/k8s.io/\\1/#" \
  | paste -sd,)
"$work/openapi-gen" -O zz_generated.openapi -p k8s.io/kubernetes/pkg/generated/openapi -i "$inputs" \
  -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations" > "$work/openapi.log" 2>&1

version=k8s.io/kubernetes/vendor/k8s.io/component-base/version
for program in $programs; do
  echo "building $program"
  go build -ldflags "-s -w -X $version.gitVersion=v1.20.2 -X $version.gitMajor=1 -X $version.gitMinor=20" \
    -o "$target/$program" "./cmd/$program"
done
touch "$target/complete"
