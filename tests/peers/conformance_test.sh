#!/bin/sh
# Connect's conformance runner against our gRPC, gRPC-Web and Connect servers and clients: every case
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

run 'gRPC server' grpc.yaml server 876 conformance_server
run 'gRPC client' grpc.yaml client 1052 conformance_client
run 'gRPC-Web server' grpc_web.yaml server 1320 conformance_server
run 'Connect server' connect.yaml server 1624 conformance_server
run 'gRPC-Web unary client' grpc_web_client.yaml client 832 conformance_client
run 'Connect unary client' connect_client.yaml client 736 conformance_client
exit "$failed"
