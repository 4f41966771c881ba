#!/bin/sh
# h2spec, which checks a server against RFC 7540 and 7541, built from the Go module proxy
set -eu

version=v2.2.1+incompatible
if [ -x "$MARQUEE_CACHE/bin/h2spec" ]; then
    exit 0
fi
if ! command -v go >/dev/null; then
    echo "h2spec: there is no Go compiler here"
    exit 77
fi
if ! GOBIN="$MARQUEE_CACHE/bin" go install "github.com/summerwind/h2spec/cmd/h2spec@$version"; then
    echo "h2spec: $version could not be built"
    exit 77
fi
