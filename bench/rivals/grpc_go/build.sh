#!/bin/sh
# grpc-go, pinned by go.mod and go.sum, built from the Go module proxy into $MARQUEE_CACHE/bin
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
api=$here/../../../api
if ! command -v go >/dev/null; then
    echo "grpc-go: there is no Go compiler here"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/go.mod" "$here/go.sum" "$here/main.go" "$work"
cp "$api/metadata.proto" "$here/../../bench.proto" "$work"
cd "$work"
mkdir tools messages
if ! go build -o tools tool; then
    echo "grpc-go: its generators could not be built"
    exit 77
fi
package=marquee.example/bench/grpc_go/messages
PATH="$work/tools:$PATH" protoc -I. \
    --go_out=messages --go_opt=paths=source_relative \
    --go_opt=Mmetadata.proto=$package --go_opt=Mbench.proto=$package \
    --go-grpc_out=messages --go-grpc_opt=paths=source_relative \
    --go-grpc_opt=Mmetadata.proto=$package --go-grpc_opt=Mbench.proto=$package \
    metadata.proto bench.proto
if ! go build -o server .; then
    echo "grpc-go: the server could not be built"
    exit 77
fi
mkdir -p "$MARQUEE_CACHE/bin"
mv server "$MARQUEE_CACHE/bin/bench-grpc-go"
