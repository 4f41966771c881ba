#!/bin/sh
# gRPC's official interop client, server and negative HTTP/2 server, of grpc-go, built from the Go module proxy
#
# Installed as grpc-interop-client, grpc-interop-server and grpc-interop-http2.
set -eu

version=v1.85.0
if [ -x "$MARQUEE_CACHE/bin/grpc-interop-client" ]; then
    exit 0
fi
if ! command -v go >/dev/null; then
    echo "interop: there is no Go compiler here"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# All of them or none, so that the test never finds half: it looks for the client, which comes last.
for name in client server http2; do
    if ! GOBIN="$work" go install "google.golang.org/grpc/interop/$name@$version"; then
        echo "interop: $name $version could not be built"
        exit 77
    fi
done
for name in http2 server client; do
    mv "$work/$name" "$MARQUEE_CACHE/bin/grpc-interop-$name"
done
