#!/bin/bash
# Builds the Go programs of test/upstream/go with Kubernetes' own libraries of 1.36, for `npm run upstream`. Debian's
# unstable distribution carries them as packages of source, with the Go and the etcd that they need; of Kubernetes itself
# it holds kubectl alone. Nothing is installed: the packages are unpacked in a place that goes afterwards (3 GB), the
# programs lie in .cache/kubernetes-libraries. Where they cannot be had, the file `missing` there says why.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/.cache/kubernetes-libraries
wanted=0.36
sources=$(find "$root/test/upstream/go" "$0" -type f | sort | xargs cat | sha256sum | cut -c1-16)
if [ -e "$target/complete-$sources" ]; then exit 0; fi

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
rm -rf "$target"
mkdir -p "$target"
missing() {
  echo "$1" > "$target/missing"
  echo "skipping what needs Kubernetes' libraries: $1"
  exit 0
}

# Where this machine gets Debian from serves the other distribution as well. The state of packages begins empty, so
# that everything needed is fetched, whatever is installed here.
list=/etc/apt/sources.list.d/debian.sources
[ -e "$list" ] || missing "no $list to tell where Debian is to be had"
mkdir -p "$work/lists/partial" "$work/sources.d" "$work/cache/archives/partial"
{
  echo 'Types: deb'
  echo 'Suites: sid'
  echo 'Components: main'
  grep -m1 '^URIs:' "$list"
  grep -m1 '^Signed-By:' "$list"
} > "$work/sources.d/sid.sources"
: > "$work/status"
apt=(-o "Dir::State=$work" -o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status"
  -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources.d" -o "Dir::Cache=$work/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Languages=none)
apt-get "${apt[@]}" -qq update || missing 'the lists of Debian sid cannot be fetched'
for package in apiserver client-go; do
  version=$(apt-cache "${apt[@]}" policy "golang-k8s-$package-dev" | sed -n 's/^  Candidate: //p')
  case $version in
    $wanted.*) release=$(echo "v1.${version#0.}" | grep -oE '^v[0-9.]+') ;;
    *) missing "Debian sid has golang-k8s-$package-dev ${version:-not at all}, and not $wanted" ;;
  esac
done
apt-get "${apt[@]}" -qq install -y --download-only golang-1.26-go golang-k8s-apiserver-dev golang-k8s-client-go-dev \
  golang-k8s-kube-openapi-dev golang-etcd-server-dev etcd-server > "$work/fetch.log" 2>&1 \
  || missing "$(tail -n 1 "$work/fetch.log")"
for archive in "$work"/cache/archives/golang-*-dev_*.deb "$work"/cache/archives/{golang-1.26-,etcd-server}*.deb; do
  dpkg-deb -x "$archive" "$work/root"
done
rm -rf "$work/cache/archives"

export GOROOT=$work/root/usr/lib/go-1.26 GOPATH=$work/own:$work/root/usr/share/gocode
export PATH=$GOROOT/bin:$PATH GOCACHE=$work/go-cache GO111MODULE=off GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0

# The OpenAPI definitions, by which server-side apply knows the types, are in no package: they are generated.
library=$work/root/usr/share/gocode/src
definitions=$work/own/src/kubernetes.test/openapi
mkdir -p "$definitions"
(cd "$library/k8s.io/kube-openapi/cmd/openapi-gen" && go build -o "$work/openapi-gen" .)
types=$(sed -n 's#.*"\(k8s.io/api/[^"]*\)"#\1#p' "$root/test/upstream/go/server/kinds.go")
# shellcheck disable=SC2086 # each word is a package
(cd "$library" && "$work/openapi-gen" --output-dir "$definitions" --output-pkg kubernetes.test/openapi \
  --output-file definitions.go --go-header-file /dev/null -r /dev/null \
  $types k8s.io/apimachinery/pkg/{apis/meta/v1,runtime,version,api/resource,util/intstr})

version=k8s.io/component-base/version
for program in client server; do
  echo "building $program"
  (cd "$root/test/upstream/go/$program" && go build -o "$target/$program" \
    -ldflags "-s -w -X $version.gitVersion=$release -X $version.gitMajor=1 -X $version.gitMinor=${wanted#0.}" .)
done
cp "$work/root/usr/bin/etcd" "$target/etcd"
touch "$target/complete-$sources"
