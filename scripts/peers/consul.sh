#!/bin/sh
# HashiCorp's Consul agent (the last release under the MPL), built from the Go module proxy (some six minutes)
set -eu

version=v1.14.11
program=$MARQUEE_CACHE/bin/consul
if [ -x "$program" ]; then
    exit 0
fi
if ! command -v go >/dev/null; then
    echo "consul: there is no Go compiler here"
    exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# `go install` refuses a module with replacements, so a module of our own requires it. What Consul replaces, we must
# name again; its sums are taken from its own module, which the checksum database vouches for, because one module that
# it uses is no longer in that database.
cat >go.mod <<MODULE
module local/consul

go 1.20

require github.com/hashicorp/consul $version

replace launchpad.net/gocheck => github.com/go-check/check v0.0.0-20140225173054-eb6ee6f84d0a
MODULE

build() {
    module=$(go mod download -json "github.com/hashicorp/consul@$version" | sed -n 's/.*"Dir": "\(.*\)",*/\1/p') &&
        sort -u "$module/go.sum" >go.sum &&
        GOMEMLIMIT=6GiB GOFLAGS='-mod=mod -buildvcs=false' nice -n 10 \
            go build -trimpath -ldflags '-s -w' -o consul github.com/hashicorp/consul &&
        ./consul version
}
if ! build; then
    echo "consul: $version could not be built"
    exit 77
fi
mv consul "$program"
