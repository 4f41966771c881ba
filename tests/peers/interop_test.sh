#!/bin/sh
# gRPC's interop cases that need no cloud, with and without TLS (docs/conformance.md).
#
#   interop_test.sh own     our client against our server, and against an HTTP/2 server that breaks off
#   interop_test.sh peers   grpc-go's client against our server, ours against grpc-go's
#   interop_test.sh java    the same with grpc-java's, which know compression: flag_proxy.py stands between
#                           and looks at the compressed flag of every message, but not over TLS
# shellcheck disable=SC2317 # functions are called by their name, as the script's first word or by each()
set -eu

: "${MARQUEE_TEST:?where the test programs are}"
: "${MARQUEE_SOURCE:?where the sources are}"
cases='empty_unary large_unary client_streaming server_streaming ping_pong empty_stream
timeout_on_sleeping_server cancel_after_begin cancel_after_first_response status_code_and_message
special_status_message custom_metadata unimplemented_method unimplemented_service rpc_soak channel_soak
orca_per_rpc orca_oob'
compression_cases='client_compressed_unary client_compressed_streaming server_compressed_unary
server_compressed_streaming'
# grpc-go's server names no server; its programs know no compression.
own_cases="$cases pick_first_unary $compression_cases"
# cacheable_unary needs a cache on the way, which nobody here is.
java_cases="$cases $compression_cases client_compressed_unary_noprobe
client_compressed_streaming_noprobe pick_first_unary very_large_request"
# grpc-java's server names no server, looks at no flag of a request, and compresses no reply of a stream.
java_server_cases="$cases client_compressed_unary_noprobe client_compressed_streaming_noprobe
server_compressed_unary"
http2_cases='goaway rst_after_header rst_during_data rst_after_data ping max_streams'
# grpc-go's client wants of rst_during_data another status than of the two beside it.
peer_http2_cases='goaway rst_after_header rst_after_data ping max_streams'
padding_cases='data_frame_padding no_df_padding_sanity_test'
# Load reports are seen by a balancer that the test clients have for it.
reporting_balancer='{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}'
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
            tail -n 20 "$scratch/log"
            failed=1
        fi
    done
    echo "interop_test: $name: $passed of $total cases passed"
}

# The commands of each(), which need the case elsewhere than at their end. The soaks need few calls to tell whether
# they work, and a busy machine more time than a second for one.
grpc_go_client() {
    case $1 in
    orca_*) set -- "$@" -service_config_json "$reporting_balancer" ;;
    *_soak) set -- "$@" -soak_iterations 10 -soak_max_failures 0 \
        -soak_per_iteration_max_acceptable_latency_ms 5000 -soak_overall_timeout_seconds 50 ;;
    esac
    grpc-interop-client -server_host 127.0.0.1 -server_port "${address##*:}" -test_case "$@"
}

grpc_go_client_tls() {
    grpc_go_client "$1" -use_tls -use_test_ca -ca_file "$certificates/ca.pem" -server_host_override "$tls_name"
}

http2_own() {
    "$MARQUEE_SOURCE/tests/peers/http2_peer.py" "$1" "$MARQUEE_TEST/interop_client" '{host}:{port}' "$1"
}

http2_grpc_go() {
    "$MARQUEE_SOURCE/tests/peers/http2_peer.py" "$1" grpc-interop-http2 -server_host '{host}' \
        -server_port '{port}' -test_case "$1"
}

grpc_java_client() {
    case $3 in
    orca_*) set -- "$@" "--service_config_json=$reporting_balancer" ;;
    esac
    host=$1 port=$2 case=$3
    shift 3
    grpc-java-interop-client --use_tls="${use_tls:-false}" --server_host="$host" --server_port="$port" \
        --test_case="$case" "$@" \
        --soak_iterations=10 --soak_max_failures=0 --soak_per_iteration_max_acceptable_latency_ms=5000 \
        --soak_overall_timeout_seconds=50
}

# Java trusts whom a store of its own names.
grpc_java_client_tls() {
    export JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$certificates/trust -Djavax.net.ssl.trustStorePassword=marquee"
    use_tls=true
    grpc_java_client 127.0.0.1 "${address##*:}" "$1" --server_host_override="$tls_name"
}

# flags_java CASE, flags_own CASE: the client runs it through the proxy. AS: the case whose flags are expected.
flags_java() {
    "$MARQUEE_SOURCE/tests/peers/flag_proxy.py" "${AS:-$1}" "$address" \
        sh "$self" grpc_java_client '{host}' '{port}' "$1"
}

flags_own() {
    "$MARQUEE_SOURCE/tests/peers/flag_proxy.py" "${AS:-$1}" "$address" \
        "$MARQUEE_TEST/interop_client" '{host}:{port}' "$1"
}

# The proxy must tell the flags of a case from those of another, where the client sees nothing wrong.
flags_control() {
    for pair in large_unary:server_compressed_unary server_compressed_unary:large_unary \
        server_compressed_streaming:server_streaming client_compressed_unary_noprobe:client_compressed_unary \
        client_compressed_streaming:client_compressed_streaming_noprobe; do
        if AS=${pair#*:} flags_java "${pair%:*}" >"$scratch/log" 2>&1; then
            echo "interop_test: the flags of ${pair%:*} pass for those of ${pair#*:}: FAILED"
            failed=1
        elif ! grep -q '^flag_proxy: .* flag' "$scratch/log"; then
            echo "interop_test: ${pair%:*} FAILED, but not for its flags"
            cat "$scratch/log"
            failed=1
        fi
    done
    echo "interop_test: the flags of 5 cases were looked for in another's"
}

# in_own_network FUNCTION WHAT: the others' servers listen everywhere, so they are given a network of their
# own, with a loopback only.
in_own_network() {
    if ! command -v ip >/dev/null || ! unshare -n ip link set lo up 2>/dev/null; then
        echo "interop_test: $2: skipped, no network namespace can be had here"
        return
    fi
    if unshare -n sh "$self" "$1"; then
        return
    fi
    failed=1
}

# await_peer COMMAND…: until the command, which asks the server at $address, is well.
await_peer() {
    tries=0
    until "$@" >"$scratch/log" 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$scratch/server.log" "$scratch/log"; exit 1; }
        sleep 0.1
    done
}

grpc_go_server() {
    ip link set lo up
    grpc-interop-server -port 10000 >"$scratch/server.log" 2>&1 &
    server_pid=$!
    export address=127.0.0.1:10000
    await_peer grpc_go_client empty_unary
    each "our client, grpc-go's server" "$cases" "$MARQUEE_TEST/interop_client" "$address"
    grpc-interop-server -port 10001 -use_tls -tls_cert_file "$certificates/server.pem" \
        -tls_key_file "$certificates/server.key" >>"$scratch/server.log" 2>&1 &
    tls_server_pid=$!
    address=127.0.0.1:10001
    await_peer grpc_go_client_tls empty_unary
    each "our client, grpc-go's server, TLS" "$cases" \
        "$MARQUEE_TEST/interop_client" --ca "$certificates/ca.pem" "$tls_name" "$address"
}

# The authority of the certificate that grpc-java's server has, from the library that brings both.
write_java_authority() {
    python3 -c 'import sys, zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read("certs/ca.pem").decode())' \
        "$(dirname "$(command -v grpc-java-interop-server)")"/../grpc-java-*/grpc-testing-*.jar >"$scratch/java.pem"
}

grpc_java_server() {
    ip link set lo up
    grpc-java-interop-server --use_tls=false --port=10000 >"$scratch/server.log" 2>&1 &
    server_pid=$!
    export address=127.0.0.1:10000
    await_peer "$MARQUEE_TEST/interop_client" "$address" empty_unary
    each "our client, grpc-java's server" "$java_server_cases" sh "$self" flags_own
    write_java_authority
    grpc-java-interop-server --use_tls=true --port=10001 >>"$scratch/server.log" 2>&1 &
    tls_server_pid=$!
    address=127.0.0.1:10001
    await_peer "$MARQUEE_TEST/interop_client" --ca "$scratch/java.pem" "$tls_name" "$address" empty_unary
    each "our client, grpc-java's server, TLS" "$java_server_cases" \
        "$MARQUEE_TEST/interop_client" --ca "$scratch/java.pem" "$tls_name" "$address"
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
    in_own_network grpc_go_server "our client, grpc-go's server"
    ;;
java)
    if ! command -v grpc-java-interop-client >/dev/null; then
        echo "interop_test: skipped: there is no grpc-java-interop-client (./dev peers java)"
        exit 77
    fi
    start_server
    export address
    each "grpc-java's client, our server" "$java_cases" sh "$self" flags_java
    echo "interop_test: grpc-java's client, our server: cacheable_unary skipped, there is no cache between them"
    flags_control
    stop_server
    "$MARQUEE_TEST/peer_certificates" "$certificates"
    keytool -importcert -noprompt -alias interop -file "$certificates/ca.pem" -keystore "$certificates/trust" \
        -storetype PKCS12 -storepass marquee >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
    export certificates
    start_server "$certificates/server.pem" "$certificates/server.key"
    each "grpc-java's client, our server, TLS" "$java_cases" sh "$self" grpc_java_client_tls
    stop_server
    in_own_network grpc_java_server "our client, grpc-java's server"
    ;;
grpc_go_client | grpc_go_client_tls | grpc_java_client | grpc_java_client_tls | grpc_go_server | grpc_java_server | http2_own | http2_grpc_go | flags_java | flags_own)
    "$@"
    ;;
*)
    echo 'usage: interop_test.sh own | peers | java' >&2
    exit 2
    ;;
esac
exit "$failed"
