#!/bin/sh
# Consul's own command line, which is its official Go client, against marquee-registry.
set -eu

: "${MARQUEE_BIN:?where the programs are}"
if ! command -v consul >/dev/null; then
    echo "consul_cli_test: skipped: there is no consul (./dev peers consul)"
    exit 77
fi

scratch=$(mktemp -d)
pids=
finish() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "consul_cli_test: FAILED: $*"
    cat "$scratch"/*.log
    exit 1
}

# wait_for FILE TEXT: until the file has the text.
wait_for() {
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "'$2' did not come"
        sleep 0.05
    done
}

# expect TEXT COMMAND…: the command succeeds and says the text.
expect() {
    wanted=$1
    shift
    reply=$(consul "$@" 2>&1) || fail "consul $*: $reply"
    case $reply in
    *"$wanted"*) ;;
    *) fail "consul $*: '$wanted' is not in: $reply" ;;
    esac
}

"$MARQUEE_BIN/marquee-registry" --listen 127.0.0.1:0 --dns-listen '' --registry '' --node golden \
    2>"$scratch/registry.log" &
pids="$pids $!"
wait_for "$scratch/registry.log" 'message="ready"'
CONSUL_HTTP_ADDR=$(sed -n 's/.*message="ready" listen="\([^"]*\)".*/\1/p' "$scratch/registry.log")
HOME=$scratch
export CONSUL_HTTP_ADDR HOME

cat >"$scratch/web.json" <<'SERVICE'
{"service": {"name": "web", "id": "w1", "port": 80, "tags": ["v1"], "meta": {"a": "b"},
             "check": {"ttl": "600s", "status": "passing"}}}
SERVICE
expect 'Registered service: web' services register "$scratch/web.json"
expect 'Registered service: db' services register -name=db -port=5432 -tag=main -address=10.0.0.5
expect 'db       main' catalog services -tags
expect '127.0.0.1' catalog nodes -service=web
expect 'consul-network-segment=' catalog nodes -detailed
expect 'golden' catalog nodes '-filter=Meta["consul-network-segment"] == ""'
expect 'dc1' catalog datacenters
expect 'alive' members

# A blocking query by its own watcher sees what comes.
consul watch -type=service -service=web -passingonly=true cat >"$scratch/watch.log" 2>&1 &
pids="$pids $!"
wait_for "$scratch/watch.log" '"ID":"w1"'
expect 'now enabled' maint -enable -service=w1 -reason=tired
expect 'Reason: tired' maint
wait_for "$scratch/watch.log" '^\[\]'
expect 'now disabled' maint -disable -service=w1
expect 'now enabled' maint -enable -reason=night
expect 'night' maint
expect 'now disabled' maint -disable
expect 'Deregistered service: db' services deregister -id=db
expect 'Deregistered service: w1' services deregister "$scratch/web.json"
[ -z "$(consul catalog services)" ] || fail "something is left: $(consul catalog services)"
echo "consul_cli_test: Consul's own client registered, watched, maintained and deregistered"
