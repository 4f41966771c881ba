#!/bin/sh
# The official gRPC-Web client, in Node, against our server: as text and in binary (docs/conformance.md).
set -eu

: "${MARQUEE_TEST:?where the test programs are}"
: "${MARQUEE_SOURCE:?where the sources are}"
modules=${MARQUEE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/marquee}/grpc-web/node_modules
if ! command -v node >/dev/null || ! [ -d "$modules/grpc-web" ]; then
    echo "grpc_web_client_test: skipped: there is no gRPC-Web client (./dev peers grpc_web)"
    exit 77
fi

scratch=$(mktemp -d)
"$MARQUEE_TEST/interop_server" 127.0.0.1:0 >"$scratch/address" &
server=$!
trap 'kill $server; wait; rm -rf "$scratch"' EXIT
tries=0
until [ -s "$scratch/address" ]; do
    tries=$((tries + 1))
    if [ "$tries" -ge 100 ] || ! kill -0 "$server"; then
        echo "grpc_web_client_test: FAILED: the server does not listen"
        exit 1
    fi
    sleep 0.1
done
status=0
node "$MARQUEE_SOURCE/tests/peers/grpc_web_client.js" "$modules" "$(cat "$scratch/address")" >"$scratch/log" 2>&1 || status=$?
cat "$scratch/log"
# That none can be lost in silence.
if [ "$status" != 0 ] || ! grep -qx '14 of 14 passed' "$scratch/log"; then
    echo "grpc_web_client_test: FAILED"
    exit 1
fi
