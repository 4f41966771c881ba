#!/bin/sh
# h2spec finds nothing that our HTTP/2 server does against RFC 7540 and 7541, its strict cases included.
set -eu

: "${MARQUEE_TEST:?where the test programs are}"
if ! command -v h2spec >/dev/null; then
    echo "h2spec_test: skipped: there is no h2spec (./dev peers h2spec)"
    exit 77
fi

scratch=$(mktemp -d)
pid=
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap finish EXIT

# check NAME [H2SPEC OPTIONS…], against a server that was started.
check() {
    name=$1
    shift
    tries=0
    until [ -s "$scratch/address" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo 'h2spec_test: the server is not ready'; exit 1; }
        sleep 0.05
    done
    address=$(cat "$scratch/address")
    status=0
    h2spec --strict -h "${address%:*}" -p "${address##*:}" "$@" >"$scratch/log" 2>&1 || status=$?
    summary=$(grep -E '^[0-9]+ tests, ' "$scratch/log" | tail -n 1)
    echo "h2spec_test: $name: $summary"
    if [ "$status" != 0 ] || [ "$summary" != '146 tests, 146 passed, 0 skipped, 0 failed' ]; then
        sed -n '/^Failures/,$p' "$scratch/log"
        exit 1
    fi
    kill "$pid"
    wait "$pid"
    pid=
    rm "$scratch/address"
}

"$MARQUEE_TEST/h2spec_server" 127.0.0.1:0 >"$scratch/address" &
pid=$!
check plain
"$MARQUEE_TEST/peer_certificates" "$scratch"
"$MARQUEE_TEST/h2spec_server" 127.0.0.1:0 "$scratch/server.pem" "$scratch/server.key" >"$scratch/address" &
pid=$!
check TLS --tls --insecure
