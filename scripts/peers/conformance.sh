#!/bin/sh
# the Connect project's conformance runner for gRPC, gRPC-Web and Connect, built from the Go module proxy
set -eu

version=v1.0.7
if [ -x "$MARQUEE_CACHE/bin/connectconformance" ]; then
    exit 0
fi
if ! command -v go >/dev/null; then
    echo "conformance: there is no Go compiler here"
    exit 77
fi
if ! GOBIN="$MARQUEE_CACHE/bin" go install "connectrpc.com/conformance/cmd/connectconformance@$version"; then
    echo "conformance: $version could not be built"
    exit 77
fi
