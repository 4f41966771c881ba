#!/bin/sh
# Consul clients in other languages against marquee-registry: npm's consul, python-consul.
set -eu

: "${MARQUEE_BIN:?where the programs are}"
: "${MARQUEE_SOURCE:?where the sources are}"
clients=${MARQUEE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/marquee}/consul-clients
if ! command -v node >/dev/null || ! [ -d "$clients/python/consul" ]; then
    echo "consul_clients_test: skipped: there are no clients (./dev peers consul_clients)"
    exit 77
fi

scratch=$(mktemp -d)
"$MARQUEE_BIN/marquee-registry" --listen 127.0.0.1:0 --dns-listen '' --registry '' 2>"$scratch/log" &
registry=$!
trap 'kill $registry; wait; rm -rf "$scratch"' EXIT
tries=0
until address=$(sed -n 's/.*message="ready" listen="\([^"]*\)".*/\1/p' "$scratch/log") && [ -n "$address" ]; do
    tries=$((tries + 1))
    if [ "$tries" -ge 100 ] || ! kill -0 "$registry"; then
        echo "consul_clients_test: FAILED: the registry is not ready"
        cat "$scratch/log"
        exit 1
    fi
    sleep 0.1
done
node "$MARQUEE_SOURCE/tests/peers/consul_client.js" "$clients/node_modules" "${address%:*}" "${address##*:}"
PYTHONPATH=$clients/python python3 -B "$MARQUEE_SOURCE/tests/peers/consul_client.py" "${address%:*}" "${address##*:}"
