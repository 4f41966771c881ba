#!/bin/sh
# gRPC's interop cases that need no cloud, with and without TLS (docs/conformance.md).
#
#   interop_test.sh own     our client against our server, and against an HTTP/2 server that breaks off
#   interop_test.sh peers   grpc-go's client against our server, ours against grpc-go's
set -eu

: "${MARQUEE_TEST:?where the test programs are}"
: "${MARQUEE_SOURCE:?where the sources are}"
cases='empty_unary large_unary client_streaming server_streaming ping_pong empty_stream
timeout_on_sleeping_server cancel_after_begin cancel_after_first_response status_code_and_message
special_status_message custom_metadata unimplemented_method unimplemented_service rpc_soak channel_soak'
# grpc-go's server names no server; its programs know no compression.
own_cases="$cases pick_first_unary client_compressed_unary client_compressed_streaming
server_compressed_unary server_compressed_streaming"
http2_cases='goaway rst_after_header rst_during_data rst_after_data ping max_streams'
# grpc-go's client wants of rst_during_data another status than of the two beside it.
peer_http2_cases='goaway rst_after_header rst_after_data ping max_streams'
padding_cases='data_frame_padding no_df_padding_sanity_test'
case_seconds=60

scratch=$(mktemp -d)
server_pid=
tls_server_pid=
finish() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    [ -z "$tls_server_pid" ] || kill "$tls_server_pid" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap finish EXIT

# The certificates of this run; the name is the one that the suite's own have.
certificates=${certificates:-$scratch}
tls_name=foo.test.google.fr

# start_server [CERTIFICATE KEY]: sets address to where our server listens.
start_server() {
    rm -f "$scratch/address"
    "$MARQUEE_TEST/interop_server" 127.0.0.1:0 "$@" >"$scratch/address" &
    server_pid=$!
    tries=0
    until [ -s "$scratch/address" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo 'interop_test: the server is not ready'; exit 1; }
        sleep 0.05
    done
    address=$(cat "$scratch/address")
}

stop_server() {
    kill "$server_pid"
    wait "$server_pid" || { echo 'interop_test: the server did not end well'; exit 1; }
    server_pid=
}

# each NAME CASES COMMAND…: runs the command once a case, the case as its last word; counts.
each() {
    name=$1
    wanted=$2
    shift 2
    passed=0
    total=0
    for case in $wanted; do
        total=$((total + 1))
        if timeout "$case_seconds" "$@" "$case" >"$scratch/log" 2>&1; then
            passed=$((passed + 1))
        else
            echo "interop_test: $name: $case FAILED"
            tail -n 5 "$scratch/log"
            failed=1
        fi
    done
    echo "interop_test: $name: $passed of $total cases passed"
}

# The commands of each(), which need the case elsewhere than at their end.
grpc_go_client() {
    grpc-interop-client -server_host 127.0.0.1 -server_port "${address##*:}" -test_case "$1"
}

grpc_go_client_tls() {
    grpc-interop-client -use_tls -use_test_ca -ca_file "$certificates/ca.pem" -server_host_override "$tls_name" \
        -server_host 127.0.0.1 -server_port "${address##*:}" -test_case "$1"
}

http2_own() {
    "$MARQUEE_SOURCE/tests/peers/http2_peer.py" "$1" "$MARQUEE_TEST/interop_client" '{host}:{port}' "$1"
}

http2_grpc_go() {
    "$MARQUEE_SOURCE/tests/peers/http2_peer.py" "$1" grpc-interop-http2 -server_host '{host}' \
        -server_port '{port}' -test_case "$1"
}

# grpc-go's server listens everywhere, so it is given a network of its own, with a loopback only.
grpc_go_server() {
    if ! command -v ip >/dev/null || ! unshare -n ip link set lo up 2>/dev/null; then
        echo "interop_test: our client, grpc-go's server: skipped, no network namespace can be had here"
        return
    fi
    if unshare -n sh "$MARQUEE_SOURCE/tests/peers/interop_test.sh" in_namespace; then
        return
    fi
    failed=1
}

in_namespace() {
    ip link set lo up
    grpc-interop-server -port 10000 >"$scratch/server.log" 2>&1 &
    server_pid=$!
    tries=0
    until grpc-interop-client -server_host 127.0.0.1 -server_port 10000 -test_case empty_unary >"$scratch/log" 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$scratch/server.log" "$scratch/log"; exit 1; }
        sleep 0.1
    done
    each "our client, grpc-go's server" "$cases" "$MARQUEE_TEST/interop_client" 127.0.0.1:10000
    address=127.0.0.1:10001
    grpc-interop-server -port 10001 -use_tls -tls_cert_file "$certificates/server.pem" \
        -tls_key_file "$certificates/server.key" >"$scratch/server_tls.log" 2>&1 &
    tls_server_pid=$!
    tries=0
    until grpc_go_client_tls empty_unary >"$scratch/log" 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$scratch/server_tls.log" "$scratch/log"; exit 1; }
        sleep 0.1
    done
    each "our client, grpc-go's server, TLS" "$cases" \
        "$MARQUEE_TEST/interop_client" --ca "$certificates/ca.pem" "$tls_name" "$address"
}

# Functions cannot be given to timeout: they are called by running this script again.
failed=0
self="$MARQUEE_SOURCE/tests/peers/interop_test.sh"
case ${1:-} in
own)
    start_server
    each 'our client, our server' "$own_cases" "$MARQUEE_TEST/interop_client" "$address"
    stop_server
    "$MARQUEE_TEST/peer_certificates" "$certificates"
    start_server "$certificates/server.pem" "$certificates/server.key"
    each 'our client, our server, TLS' "$own_cases" \
        "$MARQUEE_TEST/interop_client" --ca "$certificates/ca.pem" "$tls_name" "$address"
    stop_server
    each 'our client, a server that breaks off' "$http2_cases $padding_cases" sh "$self" http2_own
    ;;
peers)
    if ! command -v grpc-interop-client >/dev/null; then
        echo "interop_test: skipped: there is no grpc-interop-client (./dev peers interop)"
        exit 77
    fi
    "$MARQUEE_TEST/peer_certificates" "$certificates"
    export address certificates
    start_server
    each "grpc-go's client, our server" "$cases pick_first_unary" sh "$self" grpc_go_client
    stop_server
    start_server "$certificates/server.pem" "$certificates/server.key"
    each "grpc-go's client, our server, TLS" "$cases pick_first_unary" sh "$self" grpc_go_client_tls
    stop_server
    each "grpc-go's client, our server that breaks off" "$peer_http2_cases" sh "$self" http2_grpc_go
    grpc_go_server
    ;;
in_namespace | grpc_go_client | grpc_go_client_tls | http2_own | http2_grpc_go) "$@" ;;
*)
    echo 'usage: interop_test.sh own | peers' >&2
    exit 2
    ;;
esac
exit "$failed"
