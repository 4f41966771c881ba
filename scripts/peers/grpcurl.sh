#!/bin/sh
# grpcurl, a gRPC client for the command line, built from the Go module proxy (some two minutes)
set -eu

version=v1.9.4
if [ -x "$MARQUEE_CACHE/bin/grpcurl" ]; then
    exit 0
fi
if ! command -v go >/dev/null; then
    echo "grpcurl: there is no Go compiler here"
    exit 77
fi
if ! GOBIN="$MARQUEE_CACHE/bin" go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$version"; then
    echo "grpcurl: $version could not be built"
    exit 77
fi
