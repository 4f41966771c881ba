#!/bin/sh
# Connect's conformance runner against our gRPC server and client, and our Connect server: every case
# passes, and the list of known failures is empty (docs/conformance.md).
set -eu

: "${MARQUEE_TEST:?where the test programs are}"
: "${MARQUEE_SOURCE:?where the sources are}"
configs=$MARQUEE_SOURCE/tests/peers/conformance
if ! command -v connectconformance >/dev/null; then
    echo "conformance_test: skipped: there is no connectconformance (./dev peers conformance)"
    exit 77
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# run NAME CONFIG MODE WANTED PROGRAM: WANTED cases, so that none can be lost in silence.
run() {
    status=0
    connectconformance --conf "$configs/$2" --mode "$3" -- "$MARQUEE_TEST/$5" >"$log" 2>&1 || status=$?
    passed=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log")
    echo "conformance_test: $1: ${passed:-0} of $4 cases passed"
    if [ "$status" != 0 ] || [ "${passed:-0}" != "$4" ]; then
        grep -A 3 '^FAILED' "$log" | head -n 40 || true
        tail -n 5 "$log"
        failed=1
    fi
}

run 'gRPC server' grpc.yaml server 374 conformance_server
run 'gRPC client' grpc.yaml client 409 conformance_client
run 'gRPC server, with TLS' grpc_tls.yaml server 570 conformance_server
run 'gRPC client, with TLS' grpc_tls.yaml client 646 conformance_client
run 'Connect unary server' connect.yaml server 344 conformance_server
exit "$failed"
